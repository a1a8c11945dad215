"""A made-up language whose every text stands in brackets: what is read outside of them was written by
somebody, or is not translatable.

Written by somebody: what stands in a table, in a pack of rules, in a list of laws, or is the mask of a
protected value.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import trans_real

from apps.calls.services import deciding
from apps.core.laws import LAWS
from tests.e2e.words import KNOWN, Page
from tests.http import SecureClient
from tests.security import matrix
from tests.world import World

BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[A-Za-z]{3,}|[\u4e00-\u9fff]+")
MASK = re.compile(r"\w\*+")
# a public id may be of letters alone
NO_WORDS = re.compile(r"中文|verify_pack\.py|k1=[\w+/=]+|/\S*|\b[a-z]{2}_[0-9a-z]+\b")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every text in brackets, and what is answered meanwhile."""
    deciding._messages.cache_clear()  # a process makes the sentences of the gate once
    for name in ("gettext", "pgettext", "ngettext", "npgettext"):
        found = getattr(trans_real, name)

        def bracketed(*arguments: Any, found: Any = found) -> str:
            text = found(*arguments)
            return f"⟦{text}⟧" if text else text

        monkeypatch.setattr(translation._trans, name, bracketed)
    answers: list[Any] = []
    get = SecureClient.get

    def noting(client: SecureClient, *arguments: Any, **more: Any) -> Any:
        answers.append(get(client, *arguments, **more))
        return answers[-1]

    monkeypatch.setattr(SecureClient, "get", noting)
    yield answers
    deciding._messages.cache_clear()


def outside(text: str) -> list[str]:
    """The words that stand in no bracket."""
    before = ""
    while before != text:
        before, text = text, BRACKETED.sub(" ", text)
    for known in (MASK, NO_WORDS, KNOWN):
        text = known.sub(" ", text)
    return WORD.findall(text)


def packs() -> str:
    return "\n".join(
        path.read_text() for path in (Path(settings.BASE_DIR) / "apps").glob("*/**/packs/*.yaml")
    )


def stored() -> Iterator[str]:
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(
                f"select coalesce(string_agg(t::text, chr(10)), '') from \"{model._meta.db_table}\" t"
            )
            yield cursor.fetchone()[0]


@pytest.mark.parametrize("wanted", matrix.pages_by_object())
def test_all_that_is_read_can_be_translated(
    world: World, answers: list[Any], browse: Any, wanted: str
) -> None:
    made = dict(matrix.objects(world, "own", wanted)[wanted])
    found: dict[str, tuple[str, str]] = {}
    for name in matrix.pages_by_object()[wanted]:
        for role in matrix.PAGES[name].roles:
            answers.clear()
            matrix.visit(world, name, role, "own", browse, dict(made))
            for answer in answers:
                if answer.headers["Content-Type"].startswith("text/html"):
                    for text in Page(answer.content.decode()).texts:
                        found |= dict.fromkeys(outside(text), (name, text))
    written = "\n".join([*stored(), packs(), *map(str, LAWS.values())])
    assert {word: place for word, place in found.items() if word not in written} == {}


def test_a_text_outside_is_found() -> None:
    assert outside("⟦Saved ⟦twice⟧⟧ by hand 王* 138****1234 ⟦on⟧ spring") == ["hand", "spring"]
