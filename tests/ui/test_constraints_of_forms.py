"""What a form lets through, the table does not refuse under the name of a constraint: each has its
sentence."""

from importlib import import_module

import pytest
from django import forms
from django.db.models import CheckConstraint, F, Q

import_module("config.urls")  # every form is known once the pages are


def model_forms() -> list[type[forms.ModelForm]]:
    found, waiting = [], [forms.ModelForm]
    while waiting:
        waiting += (made := waiting.pop().__subclasses__())
        found += [
            form for form in made if form.__module__.startswith("apps.") and "_post_clean" not in vars(form)
        ]
    return sorted(found, key=lambda form: form.__qualname__)


def names_in(condition: Q) -> set[str]:
    names: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            names |= names_in(child)
        elif isinstance(child, tuple):
            names.add(child[0].split("__")[0])
            names |= {child[1].name.split("__")[0]} if isinstance(child[1], F) else set()
    return names


def test_there_are_forms() -> None:
    assert len(model_forms()) >= 10


@pytest.mark.parametrize("form", model_forms(), ids=lambda form: form.__qualname__)
def test_a_constraint_that_a_form_can_meet_has_a_sentence(form: type[forms.ModelForm]) -> None:
    nameless = [
        constraint.name
        for constraint in form._meta.model._meta.constraints
        if isinstance(constraint, CheckConstraint)
        and names_in(constraint.condition)
        and names_in(constraint.condition) <= set(form._meta.fields or ())
        if constraint.violation_error_message == constraint.default_violation_error_message
    ]
    assert nameless == []
