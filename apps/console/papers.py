"""The overview as files."""

import csv
import io

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.calendar import clock
from apps.core.documents import pdf

from .overview import Headline, Overview


def overview_csv(overview: Overview) -> bytes:
    """One line for each figure of each chart; UTF-8 with a mark at its beginning, as spreadsheets want it."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow([_("Chart"), _("Day or subject"), _("What is counted"), _("Count")])
    for chart in overview.charts:
        for category, marks in chart.rows:
            rows.writerows(
                [chart.title, category, series.label, mark.count]
                for series, mark in zip(chart.series, marks, strict=True)
            )
    return out.getvalue().encode("utf-8-sig")


def overview_pdf(overview: Overview) -> bytes:
    """The headlines against the period before, then the sums of each chart."""
    period = overview.period
    rows = [[_("Chart"), _("What is counted"), _("Count")]]
    for chart in overview.charts:
        if len(chart.series) == 1:
            rows += [[str(chart.title), category, f"{marks[0].count:,}"] for category, marks in chart.rows]
        else:
            rows += [[str(chart.title), str(series.label), f"{series.total:,}"] for series in chart.series]
    of_lines = [
        _("Line %(number)s: %(made)s calls, %(answered)s%% answered, %(short)s%% of them short, "
            "%(complaints)s complaints.")
        % {
            "number": line.number, "made": line.made, "answered": _or_dash(line.answered),
            "short": _or_dash(line.short),
            "complaints": line.complaints,
        }
        for line in overview.lines
    ]  # fmt: skip
    return pdf.as_pdf(
        title=_("Overview %(since)s to %(until)s") % {"since": period.since, "until": period.until},
        above=[
            _("Campaign: %(campaign)s") % {"campaign": overview.campaign or _("all campaigns")},
            *(_headline(each) for each in overview.headlines),
        ],
        rows=rows, widths=[170, 240, 70],
        below=[*of_lines,
        _("Made %(at)s.") % {"at": timezone.localtime(clock.now()).strftime("%Y-%m-%d %H:%M")}],
    )  # fmt: skip


def _headline(each: Headline) -> str:
    if each.change is None:
        return _("%(label)s: %(value)s") % {"label": each.label, "value": each.value}
    return _("%(label)s: %(value)s (%(change)+.0f%% against the period before)") % {
        "label": each.label, "value": each.value, "change": each.change,
    }  # fmt: skip


def _or_dash(share: int | None) -> str:
    return "–" if share is None else str(share)
