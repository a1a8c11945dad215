"""No form reads a file before its size is known: what is too large fills no memory."""

import importlib
import io
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import UploadedFile

from apps.ui.file_fields import FileOf

APPS = Path(__file__).parents[2] / "apps"
READ_AS_A_STREAM = {"campaigns.UploadForm"}  # a list of contacts


def _forms() -> dict[str, type[forms.BaseForm]]:
    found: dict[str, type[forms.BaseForm]] = {}
    for path in APPS.glob("*/forms.py"):
        module = importlib.import_module(f"apps.{path.parent.name}.forms")
        found |= {
            f"{path.parent.name}.{name}": kind
            for name, kind in vars(module).items()
            if isinstance(kind, type) and issubclass(kind, forms.BaseForm)
        }
    return found


def test_every_file_of_a_form_has_a_size_that_it_may_not_pass() -> None:
    unbounded = {
        name
        for name, kind in _forms().items()
        for field in getattr(kind, "base_fields", {}).values()
        if isinstance(field, forms.FileField) and not isinstance(field, FileOf)
    }
    assert unbounded == READ_AS_A_STREAM


class Unread(io.BytesIO):
    """A file that nobody may read."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("it was read")


@pytest.mark.parametrize(
    "kind",
    [
        "contacts.AgreementForm",
        "optouts.ListForm",
        "optouts.ScrubForm",
        "quality.TranscriptForm",
        "quality.DoneForm",
    ],
)
def test_what_is_too_large_is_refused_unread(kind: str) -> None:
    made = _forms()[kind]
    file = UploadedFile(Unread(), "large.csv", size=200 * 2**20 - 1)
    form = made({}, {"file": file})
    assert "MB" in str(form.errors["file"])
