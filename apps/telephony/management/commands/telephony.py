"""`telephony`: the process beside the SIP server of a gateway. It needs no database; HEGUI_GATEWAY_KEY holds
its key."""

import logging
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.core import cli

from ...connector.connector import Connector
from ...connector.hegui import Hegui
from ...connector.sip_server import SipServer
from ...connector.spool import Spool


class Command(cli.Command):
    help = (
        "Take events, key presses and recordings of a telephone gateway to Hegui, and end the calls that "
        "have to end."
    )
    requires_system_checks: list[str] = []  # its host has neither the database nor the keys of the site

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", action="append", required=True, help="address of Hegui; again for a second one"
        )
        parser.add_argument(
            "--spool",
            type=Path,
            required=True,
            help="folder of events and recordings, in memory or on an encrypted disk",
        )
        parser.add_argument(
            "--run",
            type=Path,
            required=True,
            help="folder of the SIP server's socket and of its list of addresses",
        )
        parser.add_argument(
            "--keys", default="127.0.0.1:9222", help="where rtpengine reports key presses (--dtmf-log-dest)"
        )
        parser.add_argument(
            "--health", default="127.0.0.1:9223", help="where /healthz and /metrics are answered"
        )
        parser.add_argument(
            "--ca", default="", help="certificates that vouch for Hegui's, where the system's do not"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key = os.environ.get("HEGUI_GATEWAY_KEY", "")
        if not key:
            raise CommandError(
                "Set HEGUI_GATEWAY_KEY to the key of an API client with the scopes telephony, events and "
                "recordings."
            )
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request
        connector = Connector(
            Spool(options["spool"]),
            Hegui(options["url"], key, verify=options["ca"] or True),
            SipServer(options["run"]),
            keys_address=_address(options["keys"]),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: connector.stop())
        health = _health(connector, _address(options["health"]))
        connector.run()
        health.shutdown()


def _address(text: str) -> tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    return host, int(port)


def _health(connector: Connector, address: tuple[str, int]) -> ThreadingHTTPServer:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer_of(connector, self.path)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: Any) -> None:
            """Not in the log: it is asked every few seconds."""

    server = ThreadingHTTPServer(address, Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def answer_of(connector: Connector, path: str) -> tuple[int, str]:
    """The status and the text of an answer."""
    if path == "/metrics":
        return 200, metrics_of(connector)
    if path != "/healthz":
        return 404, "not found\n"
    problems = connector.problems()
    return (503, "\n".join(problems) + "\n") if problems else (200, "ok\n")


def metrics_of(connector: Connector) -> str:
    """In Prometheus' text form."""
    counts = connector.counts
    lines = [
        f"hegui_connector_{name}_total {getattr(counts, name)}"
        for name in ("events", "keys", "recordings", "ends")
    ]
    lines += [
        f'hegui_connector_failures_total{{kind="{kind}"}} {count}'
        for kind, count in sorted(counts.failures.items())
    ]
    lines += [
        f"hegui_connector_events_waiting {len(connector.spool.names())}",
        f"hegui_connector_spool_bytes {connector.spool.bytes}",
    ]
    return "\n".join(lines) + "\n"
