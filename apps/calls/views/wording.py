"""Refusals and facts in the reader's language."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core.wording import join_items

from ..models import Decision
from ..services.deciding import explain_codes

Line = tuple[str | Promise, str | Promise]


def in_words(codes: list[str], retry_at: dict[str, str]) -> list[dict[str, Any]]:
    """Rule, duty, law, sentence, and when it passes: `retry_at` in ISO 8601 for programs, `passes_at` for
    people."""
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return [
        {**reason, "sentence": reason["message"][language], "passes_at": minute_in_words(reason["retry_at"])}
        for reason in explain_codes(codes, retry_at)
    ]


def allowed_again_at(reasons: list[dict[str, Any]]) -> str:
    """When the last of the reasons has passed; empty when one of them does not pass by itself."""
    times = [reason["retry_at"] for reason in reasons]
    return minute_in_words(max(times, key=datetime.fromisoformat)) if times and all(times) else ""


def minute_in_words(text: str | None) -> str:
    """To the minute, in the zone that it was given in; the offset is named where it is not the site's."""
    if not text:
        return ""
    at = datetime.fromisoformat(text)
    is_ours = at.utcoffset() == timezone.localtime(at).utcoffset()
    return at.strftime("%Y-%m-%d %H:%M") if is_ours else f"{at:%Y-%m-%d %H:%M} (UTC{at.isoformat()[-6:]})"


def facts_in_words(decision: Decision) -> list[Line]:
    """What the gate knew when it decided, for somebody who knows neither the rules nor their names."""
    facts = decision.facts
    local = facts.get("local_times") or []
    week = facts.get("calls_of_week") or []
    lines: list[Line] = [
        (
            _("Where the client lives it was"),
            join_items(_with_offset(datetime.fromisoformat(each)) for each in local) or _("not known"),
        ),
        (
            _("Calling hours"),
            f"{_hour(facts, 'window_start')}-{_hour(facts, 'window_end')}{_by(facts.get('hours_exception'))}",
        ),
        (_("Statutory holiday"), join_items(_holiday(name) for name in facts.get("holidays") or [])),
        (
            _("Calls to the number on that day"),
            f"{facts.get('calls_today')} / {facts.get('calls_per_day')}{_by(facts.get('caps_exception'))}",
        ),
        (_("Calls to the number in the 7 days before"), f"{len(week)} / {facts.get('calls_per_week')}"),
        (_("Opted out"), _moment(facts.get("opted_out_at"))),
        (
            _("Consent"),
            f"{_moment(facts.get('consent_given_at'))} → {_moment(facts.get('consent_expires_at'))}",
        ),
        (_("Consent withdrawn"), _moment(facts.get("consent_withdrawn_at"))),
        (_("Filing"), f"{facts.get('filing_from') or '–'} → {facts.get('filing_until') or '–'}"),
        (
            _("Caller number"),
            _("a line of the campaign") if facts.get("line_in_campaign") else _("no line of the campaign"),
        ),
        (_("Script approved until"), _moment(facts.get("script_expires_at"))),
    ]
    return lines


def _hour(facts: dict[str, Any], name: str) -> str:
    return str(facts.get(name) or "")[:5]


def _by(exception: str | None) -> str:
    return f" ({exception})" if exception else ""


def _holiday(name: str | None) -> str:
    return str(_("calendar not known")) if name is None else name or str(_("no"))


def _moment(text: str | None) -> str:
    """By the site's clock, with its offset."""
    return _with_offset(timezone.localtime(datetime.fromisoformat(text))) if text else "–"


def _with_offset(moment: datetime) -> str:
    """The offset is named where it is not the site's."""
    text = date_format(moment, "Y-m-d H:i:s")
    return (
        text
        if moment.utcoffset() == timezone.localtime(moment).utcoffset()
        else f"{text} (UTC{moment.isoformat()[-6:]})"
    )
