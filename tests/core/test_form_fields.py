"""Days and times from outside: no form, no parameter and no table takes one that a reader cannot read."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import get_resolver
from django.utils import translation

from apps.core.calendar.form_fields import Day, Moment
from apps.core.calendar.timestamps import EARLIEST
from config.api import api

# Columns of times that people and programs give. Others are written from the site's clock, or from these.
FROM_OUTSIDE = {
    "accounts.ApiClient": ["ends_at"],
    "calls.Call": ["answered_at", "ended_at", "handed_over_at", "made_at"],
    "calls.Postponed": ["at"],
    "campaigns.CallException": ["starts_at", "ends_at"],
    "campaigns.Line": ["test_called_at"],
    "contacts.Consent": ["given_at"],
    "governance.Incident": ["discovered_at", "since", "until"],
    "governance.IncidentNotice": ["given_at"],
    "optouts.Lift": ["consent_given_at"],
    "optouts.Message": ["sent_at"],
    "optouts.OptOut": ["said_at"],
    "quality.Complaint": ["received_at"],
    "rights.SubjectRequest": ["received_at"],
}


def every_field() -> Iterator[tuple[str, Any]]:
    assert get_resolver().url_patterns, "every form is imported"

    def below(kind: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    for form in sorted(set(below(forms.BaseForm)), key=lambda each: f"{each.__module__}.{each.__qualname__}"):
        if form.__module__.startswith("apps."):
            for name, field in getattr(form, "base_fields", {}).items():
                if isinstance(field, forms.DateField | forms.DateTimeField):
                    yield f"{form.__module__}.{form.__qualname__}.{name}", field


def test_no_form_takes_a_day_that_lies_outside_of_time() -> None:
    fields = dict(every_field())
    assert len(fields) > 40
    for name, field in fields.items():
        assert isinstance(field, Day | Moment), name
        for year in ("0001", "1999", "2200", "9999"):
            for typed in (f"{year}-01-01", f"{year}-12-31"):
                with pytest.raises(ValidationError):
                    field.clean(typed if isinstance(field, Day) else f"{typed}T23:59")
        assert field.clean("2026-11-30" if isinstance(field, Day) else "2026-11-30T10:00"), name


@pytest.mark.parametrize(
    "typed", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31 23:59"]
)
def test_a_time_that_no_zone_can_shift_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(ValidationError):
        Moment().clean(typed)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_picker_shows_what_is_stored_whatever_the_language_writes(language: str) -> None:
    with translation.override(language):
        assert 'value="2026-11-30"' in Day().widget.render("day", date(2026, 11, 30))
        given = Moment().prepare_value(datetime(2026, 11, 30, 10, 5, tzinfo=ZoneInfo("Asia/Shanghai")))
        assert 'value="2026-11-30T10:05"' in Moment().widget.render("at", given)


def test_every_time_from_outside_is_bounded_by_the_database() -> None:
    for label, columns in FROM_OUTSIDE.items():
        model = apps.get_model(label)
        conditions = [
            str(each.condition)
            for each in model._meta.constraints
            if isinstance(each, models.CheckConstraint)
        ]
        for column in columns:
            model._meta.get_field(column)
            assert any(f"'{column}__gte', {EARLIEST!r}" in each for each in conditions), f"{label}.{column}"


def test_no_body_of_the_api_takes_a_time_that_nobody_bounds() -> None:
    """Times come in as text that `read_timestamp` reads. That of a consent is bounded by its rule
    (`contacts.rules`)."""
    schemas = api.get_openapi_schema()["components"]["schemas"]
    taken = {
        name
        for name in schemas
        if name.endswith("In") or name.endswith("Asked") or name in {"Event", "Item", "Withdrawal", "Report"}
    }
    times = {
        (name, field)
        for name in taken
        for field, about in schemas[name]["properties"].items()
        if {each.get("format") for each in [about, *about.get("anyOf", [])]} & {"date", "date-time"}
    }
    assert len(taken) > 8
    assert times == {("ConsentIn", "given_at")}
