"""A receiver of webhooks, and end points."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings

from apps.webhooks import services
from apps.webhooks.models import EndPoint, EventKind
from tests.world import World


@dataclass
class Receiver:
    """A receiver on loopback that keeps what it gets and answers what it is configured to."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    result = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            result.got.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(result.answers.pop(0) if result.answers else 204)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    result.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setattr(settings, "HEGUI_WEBHOOK_NETWORKS", ["127.0.0.1/32"])
    monkeypatch.setattr(settings, "DEMO", True)  # plain http to a receiver of one's own
    yield result
    server.shutdown()
    server.server_close()
    thread.join()


def end_point(world: World, url: str, *kinds: str, name: str = "crm") -> tuple[EndPoint, str]:
    return services.add_end_point(
        actor=world.people["admin"],
        name=name,
        client=world.client,
        url=url,
        kinds=list(kinds or (EventKind.OPT_OUT_RECORDED,)),
    )
