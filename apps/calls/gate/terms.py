"""The terms of a campaign: all that the rules judge which does not belong to the number called.

They change seldom and are asked for on every call, so each process remembers them under a token.
A change to any table they come from takes a new token in its own transaction
(`policies.triggers`); the gate reads the token with the facts of the number, and when it is another
one, loads the terms again before it judges. Nothing here depends on the time: what is in force
when is decided from these rows for the moment of the call.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection
from django.utils.translation import gettext as _

from apps.campaigns.models import CallException, Campaign
from apps.contacts.models import DataSource
from apps.core.calendar.workdays import Calendar
from apps.core.errors import BadInput, NotFound
from apps.policies.models import CalendarYear, CallingPolicy, TermsToken, TradePack
from apps.scripts.models import Voice


@dataclass(frozen=True, slots=True)
class LineTerms:
    id: int
    state: str
    filed_from: date | None
    filed_until: date | None
    calls_per_hour: int | None = None
    calls_per_day: int | None = None

    @property
    def has_budget(self) -> bool:
        return self.calls_per_hour is not None or self.calls_per_day is not None


@dataclass(frozen=True, slots=True)
class SourceTerms:
    state: str
    has_purpose: bool
    valid_from: date | None
    valid_until: date | None

    def state_on(self, days: list[date]) -> str:
        """ "approved" only where it is valid on each of the days, which are those of the zones the client may
        be in."""
        if self.state != "approved":
            return self.state
        valid = all((self.valid_from or day) <= day <= (self.valid_until or day) for day in days)
        return "approved" if valid else "not_valid"


@dataclass(frozen=True, slots=True)
class Terms:
    """One campaign with everything it leans on. `policies`, `packs` and `exceptions` hold all versions,
    oldest first."""

    campaign_id: int
    kind: str
    trade: str
    product_risk: str
    has_qualification: bool
    state: str
    starts_on: date
    ends_on: date
    window_start: time | None
    window_end: time | None
    calls_per_week: int | None
    filing_from: date | None
    filing_until: date | None
    lines: dict[str, LineTerms]
    script_id: int | None
    script_state: str | None
    script_expires_at: datetime | None
    voice_unlabelled: bool  # a machine speaks, by a script that does not say so
    sources: dict[int, SourceTerms]
    policies: tuple[CallingPolicy, ...]
    packs: tuple[TradePack, ...]
    exceptions: tuple[CallException, ...]
    calendars: tuple[tuple[datetime, Calendar], ...]  # what was known from each time on, oldest first

    def policy_at(self, at: datetime) -> CallingPolicy:
        """The policy in force. Raises `BadInput` for a time before the first."""
        found = next((policy for policy in reversed(self.policies) if policy.in_force_from <= at), None)
        if found is None:
            raise BadInput(
                _("No policy was in force at that time: the first begins on %(day)s."),
                day=f"{self.policies[0].in_force_from:%Y-%m-%d}",
            )
        return found

    def pack_at(self, at: datetime) -> TradePack | None:
        return next((pack for pack in reversed(self.packs) if pack.in_force_from <= at), None)

    def window_at(self, at: datetime) -> tuple[time, time, str | None]:
        """From, until and the id of the exception that widens them, if any."""
        exception = self._exception_at(at, "hours")
        if exception and exception.window_start is not None and exception.window_end is not None:
            return exception.window_start, exception.window_end, exception.public_id
        policy = self.policy_at(at)
        start, end = self.window_start or policy.window_start, self.window_end or policy.window_end
        return max(policy.window_start, start), min(policy.window_end, end), None

    def caps_at(self, at: datetime) -> tuple[int, int, CallException | None]:
        """Calls a day, calls in 7 days, and the exception that widens them, if any."""
        exception = self._exception_at(at, "caps")
        if exception and exception.calls_per_day is not None and exception.calls_per_week is not None:
            return exception.calls_per_day, exception.calls_per_week, exception
        policy = self.policy_at(at)
        return (
            policy.calls_per_day,
            min(policy.calls_per_week, self.calls_per_week or policy.calls_per_week),
            None,
        )

    def _exception_at(self, at: datetime, covers: str) -> CallException | None:
        """The exception in force; marketing has none, whatever is stored."""
        if self.kind == "marketing":
            return None
        in_force = (
            each
            for each in reversed(self.exceptions)
            if each.covers == covers and each.starts_at <= at < _end_of(each)
        )
        return next(in_force, None)

    def calendar_at(self, at: datetime) -> Calendar:
        return next((calendar for begins, calendar in reversed(self.calendars) if begins <= at), _LIBRARY)


_LIBRARY = Calendar()
_remembered: dict[tuple[str, str], tuple[int, Terms]] = {}


def _end_of(exception: CallException) -> datetime:
    return min(exception.ends_at, exception.ended_at) if exception.ended_at else exception.ends_at


def terms_of(code: str, token: int | None) -> Terms:
    """The terms under `token`, as the facts statement has just read it. Raises `NotFound`."""
    key = (str(connection.settings_dict["NAME"]), code)
    found = _remembered.get(key)
    if found and found[0] == token:
        return found[1]
    while True:  # until no change was committed while we read
        before = _token()
        terms = load(code)
        if _token() == before:
            break
    if before is not None:
        _remembered[key] = (before, terms)
    return terms


def _calendars(entered: list[CalendarYear]) -> tuple[tuple[datetime, Calendar], ...]:
    """The calendar from each time on at which a year's notice came into force. `entered` holds all versions,
    oldest first."""
    found = []
    for begins in sorted({row.in_force_from for row in entered}):
        known = {row.year: row for row in entered if row.in_force_from <= begins}
        holidays = {
            year: {date.fromisoformat(day): name for day, name in row.holidays.items()}
            for year, row in known.items()
        }
        found.append(
            (begins, Calendar(holidays, frozenset(day for row in known.values() for day in row.working_days)))
        )
    return tuple(found)


def _token() -> int | None:
    return TermsToken.objects.values_list("token", flat=True).first()


def load(code: str) -> Terms:
    """The terms as they are now. Raises `NotFound`."""
    campaign = Campaign.objects.select_related("filing", "script", "pinned_version").filter(code=code).first()
    if campaign is None:
        raise NotFound()
    script = campaign.script_in_force
    purposes = DataSource.purposes.through.objects.filter(purpose_id=campaign.purpose_id).values_list(
        "datasource_id", flat=True
    )
    of_purpose = set(purposes)
    filing = campaign.filing
    return Terms(
        campaign_id=campaign.pk,
        kind=campaign.kind,
        trade=campaign.trade,
        product_risk=campaign.product_risk,
        has_qualification=bool(campaign.qualification),
        state=campaign.state,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        window_start=campaign.window_start,
        window_end=campaign.window_end,
        calls_per_week=campaign.calls_per_week,
        filing_from=filing.valid_from if filing else None,
        filing_until=filing.valid_until if filing else None,
        lines={
            line.number: LineTerms(
                line.pk,
                line.state,
                line.filing.valid_from if line.filing else None,
                line.filing.valid_until if line.filing else None,
                line.calls_per_hour,
                line.calls_per_day,
            )
            for line in campaign.lines.select_related("filing")
        },
        script_id=script.pk if script else None,
        script_state=script.state if script else None,
        script_expires_at=script.expires_at if script else None,
        voice_unlabelled=campaign.voice == Voice.SYNTHETIC
        and campaign.script is not None
        and campaign.script.voice != Voice.SYNTHETIC,
        sources={
            pk: SourceTerms(state, pk in of_purpose, valid_from, valid_until)
            for pk, state, valid_from, valid_until in DataSource.objects.values_list(
                "pk", "state", "valid_from", "valid_until"
            )
        },
        policies=tuple(CallingPolicy.objects.order_by("number")),
        packs=tuple(TradePack.objects.filter(trade=campaign.trade).order_by("number")),
        exceptions=tuple(campaign.exceptions.filter(approved_at__isnull=False).order_by("pk")),
        calendars=_calendars(list(CalendarYear.objects.order_by("number"))),
    )
