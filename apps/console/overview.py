"""The overview of supervisors and compliance: what happened in a period, against the time before it, each
figure with its list."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.accounts.models import User
from apps.calls import queries as calls
from apps.calls.gate.rules import RULES
from apps.campaigns import queries as campaigns
from apps.campaigns.models import Campaign, Line
from apps.core.calendar import clock
from apps.jobs.models import DutyRun
from apps.optouts.channels import TRAITS
from apps.policies import queries as policies
from apps.quality import queries as quality
from apps.quality.models import Complaint, Violation
from apps.quality.rules.timing import change
from apps.rights import queries as rights
from apps.rights import rules as deadlines
from apps.ui.charts import Chart, ChartKind, ChartMark, Series, trend

from .models import DayCount

Measure = DayCount.Measure
KIND_COLOURS = ("orange", "red", "yellow", "purple", "indigo", "azure", "secondary")
RANKS = 10  # so many rules and kinds; the list shows the others


@dataclass(frozen=True)
class Period:
    """Whole days of the default zone, both included."""

    since: date
    until: date

    @classmethod
    def of_days(cls, days: int) -> "Period":
        today = timezone.localdate(clock.now())
        return cls(today - timedelta(days=days - 1), today)

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=number) for number in range((self.until - self.since).days + 1)]

    @property
    def before(self) -> "Period":
        """As many days, just before it."""
        return Period(self.since - timedelta(days=len(self.days)), self.since - timedelta(days=1))

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return clock.start_of_day(self.since), clock.start_of_day(self.until + timedelta(days=1))


@dataclass(frozen=True)
class Headline:
    """`change`: percent against the period before, None where there is nothing to compare; `is_better`: None
    where neither is good."""

    label: str
    value: str
    url: str
    trend: str
    change: float | None
    is_better: bool | None


@dataclass(frozen=True)
class LineHealth:
    """One caller number in the period; shares in percent, None where nothing was connected."""

    number: str
    state: str
    made: int
    answered: int | None
    short: int | None
    complaints: int
    flags: int


def percent(part: int, whole: int) -> int | None:
    return 100 * part // whole if whole else None


class Overview:
    """Of the campaigns that the viewer may see, or of one of them. Read once; what is asked twice is
    remembered."""

    def __init__(self, viewer: User, period: Period, campaign: Campaign | None = None) -> None:
        self.viewer, self.period, self.campaign = viewer, period, campaign

    @cached_property
    def counted_at(self) -> datetime | None:
        """When the days were last counted."""
        return (
            DutyRun.objects.filter(task="apps.console.tasks.keep_figures")
            .values_list("ended_at", flat=True)
            .first()
        )

    @cached_property
    def _counts(self) -> Mapping[tuple[str, str], Counter[date]]:
        """Of each measure and key: how many on each day of the period and of the one before."""
        of_campaigns = (
            Q(campaign=self.campaign)
            if self.campaign
            else Q(campaign__in=campaigns.campaigns_of(self.viewer))
        )
        rows = DayCount.objects.filter(day__gte=self.period.before.since, day__lte=self.period.until)
        rows = rows.filter(of_campaigns | Q(measure=Measure.OPTED_OUT))
        found: dict[tuple[str, str], Counter[date]] = {}
        for measure, key, day, count in (
            rows.values_list("measure", "key", "day").annotate(Sum("count")).order_by()
        ):
            found.setdefault((measure, key), Counter())[day] += count
        return found

    def _by_day(self, measure: str, key: str = "") -> Counter[date]:
        return self._counts.get((measure, key), Counter())

    def _keys(self, measure: str) -> list[str]:
        return [key for of, key in self._counts if of == measure]

    def _sum(self, measure: str, period: Period, key: str | None = None) -> int:
        keys = self._keys(measure) if key is None else [key]
        return sum(self._by_day(measure, each)[day] for each in keys for day in period.days)

    def _url(self, name: str, period: Period | date | None = None, **chosen: Any) -> str:
        """A list with what was counted: the same days, the same campaign."""
        period = Period(period, period) if isinstance(period, date) else period or self.period
        if self.campaign and name != "opt_outs":
            chosen["campaign"] = self.campaign.pk
        return f"{reverse(name)}?{urlencode({**chosen, 'since': period.since, 'until': period.until})}"

    def _of_day(self, name: str, **chosen: Any) -> Callable[[date], str]:
        return lambda day: self._url(name, day, **chosen)

    def _series(
        self, label: str | Promise, colour: str, counts: Counter[date], url: Callable[[date], str]
    ) -> Series:
        return Series(
            label,
            colour,
            [ChartMark(counts[day], url(day) if counts[day] else "") for day in self.period.days],
        )

    def _over_time(self, name: str, title: str, series: Iterable[Series], empty: str) -> Chart:
        return Chart(
            name,
            title,
            ChartKind.STACKED,
            _("Day"),
            [f"{day:%m-%d}" for day in self.period.days],
            list(series),
            empty,
        )

    def _ranked(
        self, name: str, title: str, head: str, ranks: list[tuple[str, int, str]], colour: str, empty: str
    ) -> Chart:
        """`ranks`: words, count and address of each, of which the greatest are shown."""
        ranks = sorted((rank for rank in ranks if rank[1]), key=lambda rank: -rank[1])[:RANKS]
        marks = [ChartMark(count, url) for _words, count, url in ranks]
        return Chart(
            name,
            title,
            ChartKind.RANKED,
            head,
            [words for words, *_rest in ranks],
            [Series(_("Count"), colour, marks)],
            empty,
        )

    @property
    def decisions(self) -> Chart:
        allowed = self._series(
            _("allowed"), "green", self._by_day(Measure.ALLOWED), self._of_day("decisions", allowed=1)
        )
        refused = self._series(
            pgettext("verdict of the gate", "refused"), "red", self._by_day(Measure.REFUSED),
            self._of_day("decisions", allowed=0),
        )  # fmt: skip
        return self._over_time(
            "decisions", _("Calls allowed and refused"), [allowed, refused], _("No call was asked for.")
        )

    @property
    def refusals(self) -> Chart:
        ranks = [
            (str(RULES[code].name), self._sum(Measure.REFUSED_BY, self.period, code),
            self._url("decisions", code=code))
            for code in self._keys(Measure.REFUSED_BY) if code in RULES
        ]  # fmt: skip
        return self._ranked(
            "refusals", _("Refused by rule"), _("Rule"), ranks, "red", _("Nothing was refused.")
        )

    @property
    def opt_outs(self) -> Chart:
        series = [
            self._series(
                channel.label,
                traits.colour,
                self._by_day(Measure.OPTED_OUT, channel),
                self._of_day("opt_outs", channel=channel),
            )
            for channel, traits in TRAITS.items()
        ]
        return self._over_time(
            "opt-outs",
            _("Opt-outs by channel"),
            [each for each in series if each.total],
            _("Nobody opted out."),
        )

    @property
    def recordings(self) -> Chart:
        connected, recorded = self._by_day(Measure.CONNECTED), self._by_day(Measure.RECORDED)
        series = [
            self._series(words, colour, counts, self._of_day("coverage"))
            for words, colour, counts in (
                (pgettext("calls", "with a recording"), "green", recorded),
                (_("without a recording"), "red", connected - recorded)
            )
        ]  # fmt: skip
        return self._over_time("recordings", _("Connected calls"), series, _("No call was connected."))

    @property
    def complaints(self) -> Chart:
        found: dict[str, Counter[date]] = {}
        rows = self._complaints(self.period).annotate(
            day=TruncDate("received_at", tzinfo=timezone.get_default_timezone())
        )
        for kind, day, count in rows.order_by().values_list("kind", "day").annotate(Count("pk")):
            found.setdefault(kind, Counter())[day] += count
        series = [
            self._series(label, colour, found[code], self._of_day("complaints", kind=code))
            for (code, label),
            colour in zip(Complaint.Kind.choices, KIND_COLOURS, strict=True) if code in found
        ]  # fmt: skip
        return self._over_time("complaints", _("Complaints by subject"), series, _("Nobody complained."))

    def _complaints(self, period: Period) -> QuerySet[Complaint]:
        start, end = period.bounds
        found = quality.complaints_of(self.viewer).filter(received_at__gte=start, received_at__lt=end)
        return found.filter(campaign=self.campaign) if self.campaign else found

    @property
    def violations(self) -> Chart:
        start, end = self.period.bounds
        found = quality.actions_of(self.viewer).filter(
            violation__created_at__gte=start, violation__created_at__lt=end
        )
        if self.campaign:
            found = found.filter(violation__campaign=self.campaign)
        counts = Counter(found.order_by().values_list("violation__kind", flat=True))
        ranks = [
            (str(label), counts[code], self._url("actions", kind=code))
            for code, label in Violation.Kind.choices
        ]
        return self._ranked(
            "violations",
            _("Violations by kind"),
            _("Violation"),
            ranks,
            "orange",
            _("No violation was found."),
        )

    @property
    def requests(self) -> Chart:
        """Open requests by the working days that they have left."""
        now = clock.now()
        today, calendar = timezone.localdate(now), policies.calendar(now)
        open_ones = rights.requests_of(self.viewer).filter(closed_at__isnull=True)
        counts = Counter(
            deadlines.nearness(today, due, calendar) for due in open_ones.values_list("due_on", flat=True)
        )
        names = {near: str(label) for near, label in deadlines.NEARNESS.items()}
        marks = [
            ChartMark(
                counts[near], f"{reverse('requests')}?{urlencode({'left': near})}" if counts[near] else ""
            )
            for near in names
        ]
        return Chart(
            "requests", _("Open data-subject requests by working days left"), ChartKind.RANKED,
            _("Working days left"), list(names.values()),
            [Series(_("Count"), "azure", marks)], _("No request is open."),
        )  # fmt: skip

    @property
    def charts(self) -> list[Chart]:
        shown = [self.decisions, self.refusals, self.recordings, self.complaints, self.violations]
        return shown if self.campaign else [*shown[:2], self.opt_outs, *shown[2:], self.requests]

    @property
    def headlines(self) -> list[Headline]:
        asked = {
            each: self._sum(Measure.ALLOWED, each) + self._sum(Measure.REFUSED, each)
            for each in (self.period, self.period.before)
        }
        found = [
            self._headline(_("calls allowed"), Measure.ALLOWED, self._url("decisions", allowed=1)),
            self._share(_("refused by the gate"), Measure.REFUSED, asked, self._url("decisions", allowed=0)),
            self._headline(_("calls connected"), Measure.CONNECTED, self._url("coverage")),
            self._share(
                _("connected calls recorded"), Measure.RECORDED,
                {each: self._sum(Measure.CONNECTED, each) for each in (self.period, self.period.before)},
                self._url("coverage"), more_is_better=True,
            ),
        ]  # fmt: skip
        if not self.campaign:
            found.append(self._headline(_("opt-outs"), Measure.OPTED_OUT, self._url("opt_outs")))
        return [*found, self._complaint_rate()]

    def _headline(self, label: str, measure: str, url: str) -> Headline:
        count, before = self._sum(measure, self.period), self._sum(measure, self.period.before)
        return Headline(label, f"{count:,}", url, self._trend(measure), change(before, count), None)

    def _share(
        self,
        label: str,
        measure: str,
        wholes: Mapping[Period, int],
        url: str,
        *,
        more_is_better: bool | None = None,
    ) -> Headline:
        now, before = (
            percent(self._sum(measure, each), wholes[each]) for each in (self.period, self.period.before)
        )
        changed = change(before, now)
        is_better = None if more_is_better is None or not changed else (changed > 0) == more_is_better
        return Headline(
            label, "–" if now is None else f"{now}%", url, self._trend(measure), changed, is_better
        )

    def _complaint_rate(self) -> Headline:
        """Complaints of 10,000 connected calls (R31)."""
        rates = []
        for period in (self.period, self.period.before):
            connected = self._sum(Measure.CONNECTED, period)
            rates.append(10_000 * self._complaints(period).count() / connected if connected else None)
        now, before = rates
        changed = change(before, now)
        value = "–" if now is None else f"{now:,.0f}"
        is_better = changed < 0 if changed else None
        return Headline(
            _("complaints per 10,000 calls"), value, self._url("complaints"), "", changed, is_better
        )

    def _trend(self, measure: str) -> str:
        return trend(
            [sum(self._by_day(measure, key)[day] for key in self._keys(measure)) for day in self.period.days]
        )

    @property
    def lines(self) -> list[LineHealth]:
        """Lines that were used, the one with the fewest answered calls first."""
        complaints = Counter(
            self._complaints(self.period).filter(call__isnull=False).values_list("call__line", flat=True)
        )
        flags = Counter(
            calls.flags_of(self.viewer)
            .filter(closed_at__isnull=True, line__isnull=False)
            .values_list("line", flat=True)
        )
        used = {
            int(key): self._sum(Measure.LINE_MADE, self.period, key) for key in self._keys(Measure.LINE_MADE)
        }
        found = []
        for line in Line.objects.filter(pk__in=[pk for pk, made in used.items() if made]):
            made, key = used[line.pk], str(line.pk)
            answered = self._sum(Measure.LINE_ANSWERED, self.period, key)
            short = self._sum(Measure.LINE_SHORT, self.period, key)
            found.append(LineHealth(
                line.number, line.get_state_display(), made, percent(answered, made),
                percent(short, answered),
                complaints[line.pk], flags[line.pk],
            ))  # fmt: skip
        return sorted(found, key=lambda each: (each.answered or 0, each.number))
