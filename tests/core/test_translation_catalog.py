"""Every program that serves pages has the translations, not only `manage.py`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apps.core import translation_catalog
from tests.site import ROOT

SHOWS = """
import django
from django.utils.translation import gettext, override
django.setup()
with override("zh-hans"):
    print(gettext("Contacts"))
"""


def test_a_program_that_is_not_manage_py_shows_chinese(tmp_path: Path) -> None:
    compiled = translation_catalog.SOURCE.with_suffix(".mo")
    kept = compiled.read_bytes()
    compiled.unlink()
    try:
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUTF8": "1"}
        shown = subprocess.run(
            [sys.executable, "-c", SHOWS], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
    finally:
        if not compiled.exists():
            compiled.write_bytes(kept)
    assert shown.stdout.strip() == "联系人"


def test_a_folder_that_cannot_be_written_is_a_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    source = tmp_path / "gone" / "django.po"
    source.parent.mkdir()
    source.write_bytes(translation_catalog.SOURCE.read_bytes())
    monkeypatch.setattr(translation_catalog, "SOURCE", source)
    monkeypatch.setattr(Path, "replace", _refuse)
    translation_catalog.compile_if_older()
    assert not source.with_suffix(".mo").exists()
    assert "translations_not_written" in caplog.text


def _refuse(*_args: object) -> None:
    raise PermissionError(13, "Permission denied")
