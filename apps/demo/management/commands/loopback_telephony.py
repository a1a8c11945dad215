"""`loopback_telephony --url U`: a telephone gateway beside the demo, on loopback, with sipp as dialler and
carrier.

Shows one call that passes and one that is refused, then leads what is sent to it until it is ended.
`TELEPHONY=1 make run` starts it.
"""

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.accounts import services as accounts
from apps.accounts.models import ApiClient, User
from apps.calls import services as calls
from apps.calls.models import Call
from apps.campaigns.models import Campaign, QueueEntry
from apps.core import cli
from apps.core.calendar import clock
from apps.core.privacy.dialling import number_to_dial
from apps.telephony import services as telephony
from apps.telephony.models import Attempt, Dialler, Trunk

from ...loopback_gateway import PACKAGES, LoopbackGateway, missing

SCOPES = ["telephony", "events", "recordings"]
CAMPAIGN = "retail-members"
TALK_MS = 8_000
WAIT_SECONDS = 30


class Command(cli.Command):
    help = "A telephone gateway on loopback beside the demo: one call passes, one is refused."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="address of the site")

    def handle(self, *args: Any, **options: Any) -> None:
        if absent := missing():
            raise CommandError(f"{', '.join(absent)} is not installed. On Debian: apt-get install {PACKAGES}")
        folder = Path(settings.HEGUI_HOME) / "telephony"
        shutil.rmtree(folder, ignore_errors=True)
        campaign = Campaign.objects.get(code=CAMPAIGN)
        admin = User.objects.get(username="admin")
        gateway = LoopbackGateway(folder, [options["url"]], _key(admin))
        _set_up(admin, campaign, gateway)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        try:
            gateway.start()
            gateway.carrier()
            self._show(gateway, campaign)
            while True:
                time.sleep(1)
        finally:
            gateway.stop()

    def _show(self, gateway: LoopbackGateway, campaign: Campaign) -> None:
        """One INVITE to somebody who may be called now, one to a number that is nobody's here."""
        line = campaign.lines.all()[0].number
        deadline = time.monotonic() + WAIT_SECONDS
        while not (gateway.run / "addresses.list").read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
        said = f"X-Hegui-Campaign: {campaign.code}"
        for number in (next(_callable_now(campaign, line), "13800009999"), "13900009999"):
            before = Attempt.objects.count()
            gateway.dialler([(number, line, said)], talk_ms=TALK_MS, name=f"dialler-{before}")
            while Attempt.objects.count() == before and time.monotonic() < deadline:
                time.sleep(0.2)
            attempt = Attempt.objects.order_by("-pk").first() if Attempt.objects.count() > before else None
            became = (
                "not answered"
                if attempt is None
                else f"refused: {', '.join(attempt.codes)}"
                if attempt.codes
                else "led to the carrier"
            )
            self.stdout.write(f"  Telephone: a call to {number[:3]}****{number[-4:]} was {became}.")
            self.stdout.flush()
        self.stdout.write(
            "  Telephone: see Live calls and Recordings as supervisor, Attempts of diallers as admin."
        )
        self.stdout.flush()


def _key(admin: User) -> str:
    """A key for the gateway, new with each start."""
    known = ApiClient.objects.filter(name="loopback-gateway").first()
    if known is not None:
        return accounts.rotate_client(actor=None, client=known)[1]
    ends = clock.now() + timedelta(days=365)
    return accounts.issue_client(name="loopback-gateway", owner=admin, scopes=SCOPES, ends_at=ends)[1]


def _set_up(admin: User, campaign: Campaign, gateway: LoopbackGateway) -> None:
    """The trunk to the carrier of this start, and the dialler that sends from loopback."""
    fields = {"host": "127.0.0.1", "port": gateway.carrier_port}
    trunk = Trunk.objects.filter(name="sipp").first()
    telephony.record_trunk(actor=admin, trunk=trunk, name="sipp", lines=list(campaign.lines.all()), **fields)
    client = ApiClient.objects.get(name="practice-dialler")
    dialler = Dialler.objects.filter(client=client).first()
    telephony.record_dialler(
        actor=admin, dialler=dialler, name="sipp", client=client, addresses=["127.0.0.1"]
    )


def _callable_now(campaign: Campaign, line: str) -> Iterator[str]:
    """Numbers of the demo's invented people whom the gate would allow to be called now."""
    called = Call.objects.filter(campaign=campaign).values("contact")
    waiting = QueueEntry.objects.filter(campaign=campaign, state=QueueEntry.State.WAITING).exclude(
        contact__in=called
    )
    for entry in waiting.select_related("contact").order_by("-pk")[:50]:
        if calls.preview(campaign=campaign.code, phone=entry.contact.phone, line=line).allowed:
            yield number_to_dial(entry.contact.phone)
