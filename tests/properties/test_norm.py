"""The gate against an independent model of the norm: thousands of random histories, no difference.

Moments are drawn where things change: around 08:00, 21:00, midnight, the seventh day, holidays, the
year's end, changes of summer time abroad. Each example holds a batch of histories of numbers of their own.
"""

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.calls import services as calls
from apps.calls.models import Call
from apps.campaigns import services as campaign_services
from apps.campaigns.models import Campaign, Filing
from apps.contacts.models import Consent, Contact, DataSource, Purpose
from apps.core.crypto import blind_index
from apps.core.privacy.protected import Protected
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out
from apps.scripts.models import ScriptVersion
from tests.proofs import PROVES, sized
from tests.world import LINE, World

from .norm import CallOfModel, CampaignOfModel, ConsentOfModel, History, clocks, refusals, reserved_until

EXAMPLES, HISTORIES, STEPS = sized(150, 500), 20, 4
CODES = {
    "allowed", "opted_out", "retention_due", "source_not_approved", "purpose_mismatch", "no_consent",
    "consent_expired",
    "consent_withdrawn", "minor", "product_risk", "holiday", "calendar_unknown", "campaign_not_running",
    "campaign_dates",
    "line_not_of_campaign", "outside_window", "daily_cap", "weekly_cap",
}  # fmt: skip
STRANGE_LINE = "+862155550199"
STARTS = [
    date(2026, 2, 12),
    date(2026, 3, 6),
    date(2026, 9, 23),
    date(2026, 9, 28),
    date(2026, 10, 30),
    date(2026, 12, 27),
    date(2026, 6, 3),
]
ZONES = [
    ("Asia/Shanghai",),
    ("Asia/Shanghai",),
    ("Asia/Urumqi",),
    ("America/New_York",),
    ("America/Los_Angeles", "America/New_York"),
]
EDGES = [
    time(7, 59, 59),
    time(8),
    time(10),
    time(15, 30),
    time(18),
    time(20, 59, 59),
    time(21),
    time(22, 30),
    time(23, 59, 59),
    time(0),
    time(6),
]
SHANGHAI = ZoneInfo("Asia/Shanghai")
EXEMPT = (datetime(2026, 9, 24, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC))
CAMPAIGNS = [
    CampaignOfModel("spring", marketing=True, purpose="membership"),
    CampaignOfModel("narrow", marketing=True, purpose="membership", opens=time(10), closes=time(18), week=2),
    CampaignOfModel("loans", marketing=True, purpose="loans", risk="R4"),
    CampaignOfModel("notice", marketing=False, purpose="membership"),
    CampaignOfModel(
        "urgent", marketing=False, purpose="membership", exception=EXEMPT, exception_opens=time(6),
        exception_closes=time(23),
        exception_day=2, exception_week=5,
    ),
    CampaignOfModel("paused", marketing=False, purpose="membership", running=False),
    CampaignOfModel("short", marketing=True, purpose="membership", first_day=date(2026, 9, 25),
    last_day=date(2026, 10, 9)),
]  # fmt: skip


def build(world: World) -> dict[str, DataSource]:
    """The campaigns of the model as the product keeps them, all within one filing and one script's term."""
    Filing.objects.update(valid_from=date(2026, 1, 1), valid_until=date(2027, 12, 31))
    loans = Purpose.objects.create(code="loans", name="贷款营销")
    sources = {
        "approved": world.source,
        "withdrawn": world.approved_source("withdrawn"),
        "loans": world.approved_source("loans", purpose=loans),
    }
    for each in CAMPAIGNS:
        if each.code == "spring":
            continue
        kind, trade = ("marketing", "retail") if each.marketing else ("notification", "general")
        script = (
            world.script
            if each.marketing
            else world.approved_script(f"script-{each.code}", kind=kind, trade=trade)
        )
        world.running_campaign(
            each.code,
            kind=kind,
            trade=trade,
            script=script,
            purpose=loans if each.purpose == "loans" else world.purpose,
            agents=(),
        )
    for each in CAMPAIGNS:
        narrow = each.code == "narrow"
        Campaign.objects.filter(code=each.code).update(
            starts_on=each.first_day, ends_on=each.last_day, state="running" if each.running else "paused",
            product_risk=each.risk,
            window_start=each.opens if narrow else None, window_end=each.closes if narrow else None,
            calls_per_week=each.week if narrow else None,
        )  # fmt: skip
    urgent = Campaign.objects.get(code="urgent")
    wider = (
        {"covers": "hours", "window_start": time(6), "window_end": time(23)},
        {"covers": "caps", "calls_per_day": 2, "calls_per_week": 5},
    )
    for fields in wider:
        asked = campaign_services.ask_exception(
            actor=world.people["supervisor"],
            campaign=urgent,
            reason="台风停运",
            starts_at=EXEMPT[0],
            ends_at=EXEMPT[1],
            **fields,
        )
        campaign_services.approve_exception(actor=world.people["compliance"], exception=asked)
    ScriptVersion.objects.update(expires_at=datetime(2027, 12, 31, tzinfo=UTC))
    DataSource.objects.filter(pk=sources["withdrawn"].pk).update(state="withdrawn")
    return sources


class Player:
    """Plays one random history in both worlds and compares every answer."""

    seen: Counter[str] = Counter()

    def __init__(
        self,
        chance: random.Random,
        number: int,
        world: World,
        sources: dict[str, DataSource],
        purposes: dict[str, Purpose],
        wordings: dict[int, int],
    ) -> None:
        self.wordings = wordings
        self.chance, self.world, self.purposes = chance, world, purposes
        self.phone = f"+86199{number:08}"
        self.at = datetime.combine(chance.choice(STARTS), chance.choice(EDGES), SHANGHAI)
        kind = chance.choices(["approved", "withdrawn", "loans"], [8, 1, 1])[0]
        self.model = History(
            zones=chance.choice(ZONES),
            source_approved=kind != "withdrawn",
            source_purposes=("loans",) if kind == "loans" else ("membership",),
            deleted_after=self.at
            + chance.choice([timedelta(days=200), timedelta(days=200), timedelta(days=6)]),
            minor=chance.random() < 0.08,
        )
        contact = Contact(
            created_at=self.at - timedelta(days=1),
            phone=self.phone,
            number_index=blind_index.number_index(self.phone),
            last4_index=blind_index.last4_index(self.phone),
            source=sources[kind],
            zones=list(self.model.zones),
            is_minor=self.model.minor,
            expires_at=self.model.deleted_after,
        )
        # as an import does: no change of a row to record
        (self.contact,) = Contact.objects.bulk_create([contact])

    def play(self) -> None:
        self.consent("membership", self.at - timedelta(days=10), days=self.chance.choice([300, 300, 300, 15]))
        for _step in range(STEPS):
            self.step()
            self.call()

    def step(self) -> None:
        what = self.chance.random()
        if what < 0.05:
            self.model.opt_out()
            record_opt_out(
                phone=self.phone,
                channel=OptOut.Channel.API,
                evidence=f"x{self.at.timestamp()}",
                said_at=self.at,
            )
        elif what < 0.12:
            self.withdraw()
        elif what < 0.22:
            purpose = self.chance.choice(["membership", "loans"])
            self.consent(
                purpose,
                self.at + self.chance.choice([timedelta(0), timedelta(days=1)]),
                days=self.chance.choice([1, 30]),
            )
        self.move()

    def consent(self, purpose: str, given_at: datetime, *, days: int) -> None:
        if any(each.purpose == purpose and each.given == given_at for each in self.model.consents):
            return
        ends = given_at + timedelta(days=days)
        self.model.consents.append(ConsentOfModel(purpose, given_at, ends))
        consent = Consent(
            contact=self.contact, purpose=self.purposes[purpose], given_at=given_at, expires_at=ends,
            channel="web",
            wording_id=self.wordings[self.contact.source_id], evidence="test",
            recorded_by=self.world.people["supervisor"],
        )  # fmt: skip
        Consent.objects.bulk_create([consent])

    def withdraw(self) -> None:
        for each in self.model.consents:
            if each.withdrawn is None and each.given <= self.at:
                each.withdrawn = self.at
        Consent.objects.filter(contact=self.contact, withdrawn_at__isnull=True, given_at__lte=self.at).update(
            withdrawal="test", withdrawn_at=self.at
        )

    def move(self) -> None:
        """To an edge of a later day, to the seventh day of the oldest call, or a moment on."""
        how = self.chance.random()
        zone = ZoneInfo(self.chance.choice(self.model.zones))
        if how < 0.25 and self.model.calls:
            self.at = max(
                self.at,
                self.model.calls[0].reserved + timedelta(days=7, seconds=self.chance.choice([-1, 0, 1])),
            )
        elif how < 0.4:
            self.at += timedelta(seconds=self.chance.choice([1, 59, 60, 61]))
        else:
            day = self.at.astimezone(zone).date() + timedelta(days=self.chance.choice([0, 1, 1, 1, 2, 3]))
            self.at = max(self.at, datetime.combine(day, self.chance.choice(EDGES), zone))

    def call(self) -> None:
        campaign = self.chance.choice(CAMPAIGNS)
        line, number = self.chance.choices([("own", LINE), ("strange", STRANGE_LINE)], [19, 1])[0]
        expected = refusals(self.model, campaign, line, self.at)
        result = calls.authorize(
            campaign=campaign.code, phone=Protected(self.phone, "phone"), line=number, at=self.at
        )
        codes = {reason["code"] for reason in result.reasons}
        assert codes == expected, (campaign.code, self.at.isoformat(), self.model)
        assert result.allowed == (not expected)
        self.seen.update(expected or {"allowed"})
        if result.allowed:
            used = self.chance.random() < 0.8
            if used:
                Call.objects.filter(pk=result.call_id).update(
                    state="ended", answered_at=self.at, ended_at=self.at
                )
            until = reserved_until(self.model, campaign, self.at)
            self.model.calls.append(CallOfModel(self.at, until, clocks(self.model, self.at)[0].date(), used))


@pytest.mark.slow
@pytest.mark.django_db
def test_histories_agree_with_the_norm(world: World) -> None:
    sources = build(world)
    purposes = {purpose.code: purpose for purpose in Purpose.objects.all()}
    wordings = {source.pk: source.wording.pk for source in sources.values()}
    played = 0

    # The same histories in every run, so that a commit is judged by what it changes; a proof draws new ones.
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=not PROVES,
    )
    @given(seed=st.integers(0, 2**32))
    def play(seed: int) -> None:
        nonlocal played
        chance = random.Random(seed)
        with transaction.atomic():
            for _history in range(HISTORIES):
                played += 1
                Player(chance, played, world, sources, purposes, wordings).play()
            transaction.set_rollback(True)

    play()
    assert played >= EXAMPLES * HISTORIES
    missed = CODES - set(Player.seen)
    assert not missed, f"no history came to {missed}: the comparison says nothing about them"
