"""Measures of calls: hours, holidays, frequency, refusals, identity, lines, the gate (R11-R16, R21, R27, R29,
R33, R38-R40)."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Func, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, ExtractHour
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.calls.models import Call, Decision, SpoofingEvent
from apps.calls.services import explain
from apps.campaigns.models import Line
from apps.contacts.models import NumberDoubt
from apps.optouts.channels import HEARD_AT_ONCE
from apps.optouts.models import OptOut
from apps.optouts.queries import lifts_of
from apps.policies import queries as policies
from apps.quality import queries as quality
from apps.scripts.models import Voice
from apps.telephony import queries as telephony
from apps.telephony.models import Gateway

from .in_use import campaigns_in_use
from .register import Measurement, MeasureState, Span, few_of, measure, none_of

WINDOW = range(8, 21)
# When a call was dialled, as far as that is known.
DIALLED_AT = Coalesce("made_at", "handed_over_at", "reserved_at")
SAMPLE = 500  # decisions that are judged again
AT_ONCE_SECONDS = 10


def _made(span: Span) -> QuerySet[Call]:
    return span.of(Call.objects.filter(Call.counted()), "reserved_at")


def _marketing(span: Span) -> QuerySet[Call]:
    return _made(span).filter(campaign__kind="marketing")


@measure(
    "R11",
    _("%(calls)s calls were made, %(bad)s of them outside 08:00-21:00 without an exception."),
    "decisions",
)
def calling_hours(span: Span) -> Measurement:
    """By when they were dialled, in every zone that the number may live in; in the site's for a number
    without one."""
    calls = _made(span)
    judged = calls.filter(exception__isnull=True)
    known = judged.annotate(zone=Func(F("contact__zones"), function="unnest"))
    home = str(timezone.get_default_timezone())
    late = set[int]()
    for name in {home, *known.order_by().values_list("zone", flat=True).distinct()} - {None}:
        lives_there = Q(contact__zones__contains=[name])
        if name == home:
            lives_there |= Q(contact__isnull=True) | Q(contact__zones=[])
        hours = judged.filter(lives_there).annotate(hour=ExtractHour(DIALLED_AT, tzinfo=ZoneInfo(name)))
        late.update(hours.exclude(hour__in=WINDOW).values_list("pk", flat=True))
    return none_of(len(late), calls=calls.count())


@measure("R12", _("%(days)s statutory holidays; %(bad)s marketing calls were made on them."), "decisions")
def holidays(span: Span) -> Measurement:
    """Red too where the calendar of a year is not known: nobody can say."""
    calendar, day = policies.calendar(span.now), timezone.localdate(span.since)
    last = timezone.localdate(span.until - timedelta(seconds=1))
    days: list[date] = []
    while day <= last:
        name = calendar.statutory_holiday(day)
        if name is None:
            return Measurement(MeasureState.RED, {"days": "–", "bad": 0})
        if name:
            days.append(day)
        day += timedelta(days=1)
    return none_of(_marketing(span).filter(slot_day__in=days).count(), days=len(days))


@measure(
    "R13",
    _(
        "%(numbers)s numbers were called, %(bad)s of them more often than once a day or three times in 7 "
        "days, without an exception."
    ),
    "decisions",
)
def frequency(span: Span) -> Measurement:
    """Calls of every kind count towards the caps, but those under an exception. The seven days may begin
    before the span."""
    numbers = _made(span).values("number_index").distinct().count()
    week = Span(span.since - timedelta(days=6), span.until, span.now)
    calls = _made(week).filter(exception__isnull=True)
    per_day = (
        span.of(calls, "reserved_at")
        .order_by()
        .values("number_index", "slot_day")
        .annotate(count=Count("pk"))
        .filter(count__gt=1)
    )
    too_often = {bytes(row["number_index"]) for row in per_day}
    many = (
        calls.order_by()
        .values("number_index")
        .annotate(count=Count("pk"))
        .filter(count__gt=3)
        .values("number_index")
    )
    days: dict[bytes, list[date]] = defaultdict(list)
    for index, day in (
        calls.filter(number_index__in=many).order_by("slot_day").values_list("number_index", "slot_day")
    ):
        days[bytes(index)].append(day)
    too_often |= {
        index
        for index, called in days.items()
        if any(later - first < timedelta(days=7) for first, later in zip(called, called[3:], strict=False))
    }
    return none_of(len(too_often), numbers=numbers)


def _said(span: Span) -> QuerySet[OptOut]:
    return span.of(OptOut.objects.filter(moved_from__isnull=True), "created_at")


@measure(
    "R14",
    _("%(words)s opt-outs; the slowest took %(seconds)s seconds from the word to the block."),
    "opt_outs",
)
def word_to_block(span: Span) -> Measurement:
    """Of the channels on which a word is heard at once."""
    heard = _said(span).filter(channel__in=HEARD_AT_ONCE)
    worst = heard.aggregate(worst=Max(F("created_at") - F("said_at")))["worst"] or timedelta()
    seconds = max(0, round(worst.total_seconds()))
    return Measurement(
        MeasureState.GREEN if seconds <= AT_ONCE_SECONDS else MeasureState.AMBER,
        {"words": heard.count(), "seconds": seconds},
    )


@measure("R15", _("%(words)s people opted out; %(bad)s calls were made to them afterwards."), "opt_outs")
def for_good(span: Span) -> Measurement:
    """Of words about everything whose contact is known, until fresh consent lifted them; calls of every kind,
    by when they were dialled. What came by a list before the contact was there is the gate's to refuse, and
    not found here."""
    copies = OptOut.objects.filter(moved_from=OuterRef(OuterRef("pk"))).values("number_hash")
    lifts = lifts_of(OuterRef("said_at"), OuterRef("created_at"))
    lifted = lifts.filter(Q(number_hash=OuterRef("number_hash")) | Q(number_hash__in=copies))
    fresh = lifted.order_by("consent_given_at").values("consent_given_at")[:1]
    words = OptOut.objects.filter(
        scope=OptOut.Scope.EVERYTHING, contact_id__isnull=False, dismissal__isnull=True,
        moved_from__isnull=True, created_at__lt=span.until
    ).annotate(until=Subquery(fresh))  # fmt: skip
    held = defaultdict[int | None, list[tuple[datetime, datetime | None]]](list)
    for contact, since, until in words.order_by().values_list("contact_id", "created_at", "until"):
        held[contact].append((since, until))
    called = _made(span).filter(contact__in=words.values("contact_id")).exclude(state=Call.State.RESERVED)
    after = sum(
        any(since < at and (until is None or at < until) for since, until in held[contact])
        for contact, at in called.annotate(at=DIALLED_AT).values_list("contact", "at")
    )
    return none_of(after, words=_said(span).count())


@measure("R16", _("Of %(checked)s calls with a transcript, %(bad)s did not say who calls."), "recordings")
def identity(span: Span) -> Measurement:
    checked = _made(span).filter(identity_said__isnull=False)
    return few_of(checked.filter(identity_said=False).count(), checked=checked.count())


@measure(
    "R21",
    _(
        "%(lines)s lines are verified, %(bad)s of them without a filing in force; %(spoofed)s attempts under "
        "a foreign number."
    ),
    "lines",
)
def lines(span: Span) -> Measurement:
    today = timezone.localdate(span.now)
    verified = Line.objects.filter(state=Line.State.VERIFIED)
    lapsed = verified.exclude(filing__valid_from__lte=today, filing__valid_until__gte=today)
    spoofed = span.of(SpoofingEvent.objects.all(), "created_at").count()
    state = MeasureState.RED if lapsed.exists() else MeasureState.AMBER if spoofed else MeasureState.GREEN
    return Measurement(state, {"lines": verified.count(), "bad": lapsed.count(), "spoofed": spoofed})


@measure("R27", _("%(calls)s calls of agents were connected, %(bad)s of them have no result."), "decisions")
def results(span: Span) -> Measurement:
    calls = quality.connected(span.since, span.until).filter(agent__isnull=False)
    return few_of(calls.filter(disposition__isnull=True).count(), calls=calls.count())


@measure(
    "R29",
    _("%(calls)s calls were connected, %(bad)s of them have no recording; %(reviewed)s were reviewed."),
    "coverage",
)
def recorded(span: Span) -> Measurement:
    """Of calls whose recording is kept that long."""
    kept = policies.retention_policies(span.now)["recording"].days_at(timezone.localdate(span.now))
    calls = quality.connected(max(span.since, span.now - timedelta(days=kept - 1)), span.until)
    reviewed = calls.filter(reviews__state__in=["done", "settled"]).distinct().count()
    return none_of(calls.filter(recording__isnull=True).count(), calls=calls.count(), reviewed=reviewed)


@measure(
    "R33",
    _("%(decisions)s decisions were made; of the last %(checked)s judged again, %(bad)s come out otherwise."),
    "decisions",
)
def replayed(span: Span) -> Measurement:
    made = span.of(Decision.objects.all(), "at")
    last = list(made.order_by("-at")[:SAMPLE])
    return none_of(
        sum(explain(each) == "differs" for each in last), decisions=made.count(), checked=len(last)
    )


@measure(
    "R38",
    _(
        "%(campaigns)s campaigns with a synthetic voice called or run, %(bad)s of them without a script that "
        "says so."
    ),
    "campaigns",
)
def synthetic(span: Span) -> Measurement:
    campaigns = campaigns_in_use(span).filter(voice=Voice.SYNTHETIC)
    return none_of(campaigns.exclude(script__voice=Voice.SYNTHETIC).count(), campaigns=campaigns.count())


@measure(
    "R39",
    _(
        "%(calls)s calls were made, %(led)s of them through a telephone gateway; %(bad)s went beside it "
        "although their campaign demands it."
    ),
    "gateways",
)
def beside_the_gate(span: Span) -> Measurement:
    """Not to be measured without a gateway: a dialler that does not ask is not seen. Amber: calls that were
    asked for by API alone."""
    made = _made(span)
    led, bad = (
        made.filter(relayed_by__isnull=False).count(),
        span.of(telephony.beside_gateway_ever(), "reserved_at").count(),
    )
    figures = {"calls": made.count(), "led": led, "bad": bad}
    if not Gateway.objects.exists() and not bad:
        return Measurement(MeasureState.UNMEASURED, figures)
    beside = made.filter(relayed_by__isnull=True, client__isnull=False).exists()
    return Measurement(
        MeasureState.RED if bad else MeasureState.AMBER if beside else MeasureState.GREEN, figures
    )


@measure(
    "R40", _("%(doubts)s numbers were said to belong to somebody else; %(bad)s wait for a person."), "doubts"
)
def changed_hands(span: Span) -> Measurement:
    waiting = NumberDoubt.objects.filter(state=NumberDoubt.State.OPEN).count()
    return few_of(waiting, doubts=span.of(NumberDoubt.objects.all(), "created_at").count())
