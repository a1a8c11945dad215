"""`evidence`: a pack about a contact with 20 calls, without recordings, and the measures of a year with a
million calls."""

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.test.utils import override_settings

from apps.accounts.models import User
from apps.calls import services as calls
from apps.contacts.models import Contact
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.evidence.services import ask_pack, make_pack
from apps.governance.measures import Span, measure_all

from .gate import numbers_of, old_calls, seed
from .measure import Comparison, Scale

CALLS, MOST_SECONDS = 20, 3
MILLION, MOST_SECONDS_OF_MONTH = 1_000_000, 60
ROUNDS = 5
LINE = "+861085550101"


def bench_evidence(scale: Scale) -> list[Comparison]:
    with tempfile.TemporaryDirectory(dir=settings.HEGUI_HOME) as name:
        place = Path(name)
        used = override_settings(MEDIA_ROOT=place / "media", HEGUI_LEDGER=place / "ledger")
        with used:
            return _measured(scale)


def _measured(scale: Scale) -> list[Comparison]:
    at = seed(scale)
    number = numbers_of(scale.of(100))[0]
    allowed = sum(
        calls.authorize(
            campaign="bench",
            phone=calls.find_number(phone=number),
            line=LINE,
            at=at + timedelta(days=3 * place),
        ).allowed
        for place in range(CALLS)
    )
    contact = Contact.objects.get(number_index=blind_index.number_index(number))
    officer = User.objects.filter(role="compliance")[0]
    spans = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        pack, _passphrase = ask_pack(
            actor=officer, about=contact.public_id, recipient="client", reason="bench"
        )
        make_pack(pack.job_id or 0)
        spans.append(time.perf_counter() - started)
    pack.refresh_from_db()
    notes = {
        "calls": allowed,
        "seconds": round(statistics.median(spans), 2),
        "bytes": sum(each["bytes"] for each in pack.contents),
    }
    lines = [
        Comparison(
            "evidence pack of a contact",
            "packs/s",
            [1 / span for span in spans],
            [1 / MOST_SECONDS],
            1.0,
            notes,
        )
    ]

    old_calls(0, scale.of(MILLION), at)
    now = clock.now()
    started = time.perf_counter()
    found = measure_all(Span(at - timedelta(days=400), at + timedelta(days=1), now))
    span = time.perf_counter() - started
    notes = {"calls": found["R11"].figures["calls"], "seconds": round(span, 1)}
    return [
        *lines,
        Comparison(
            "evidence measures of a million calls",
            "reports/s",
            [1 / span],
            [1 / MOST_SECONDS_OF_MONTH],
            1.0,
            notes,
        ),
    ]
