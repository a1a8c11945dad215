"""SQL that names tables keeps to the order of the rooms, as imports do: a room asks its own tables and those
of rooms below."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from tests.deploy.make_rooms import ROOT, layers

ROOMS = ROOT / "apps"
SQL = re.compile(
    r"\b(select|insert into|update|delete from|copy|join|truncate|lock table|create (?:index|trigger))\b",
    re.I,
)


def height() -> dict[str, int]:
    """By room, how high it stands."""
    return {room: number for number, row in enumerate(reversed(layers())) for room in row}


def owners() -> dict[str, str]:
    """By table, its room; tables of libraries are everybody's."""
    return {
        model._meta.db_table: config.label
        for config in apps.get_app_configs()
        if config.name.startswith("apps.")
        for model in config.get_models(include_auto_created=True)
    }


def statements() -> Iterator[tuple[Path, int, str]]:
    """Every text of the rooms that looks like SQL, with where it stands; migrations left out."""
    for path in sorted(ROOMS.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
                yield path, node.lineno, node.value


def named(text: str, known: dict[str, str]) -> set[str]:
    return {word for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text) if word in known}


def upwards(found: Iterator[tuple[Path, int, str]]) -> list[str]:
    known, order = owners(), height()
    return [
        f"{path.relative_to(ROOMS)}:{line} names {table}"
        for path, line, text in found
        for table in sorted(named(text, known))
        if order[known[table]] > order[path.relative_to(ROOMS).parts[0]]
        or (
            order[known[table]] == order[path.relative_to(ROOMS).parts[0]]
            and known[table] != path.relative_to(ROOMS).parts[0]
        )
    ]


def test_no_room_names_a_table_of_a_room_above_or_beside_it() -> None:
    assert upwards(statements()) == []


def test_there_is_sql_to_look_at() -> None:
    known = owners()
    assert sum(bool(named(text, known)) for _path, _line, text in statements()) > 40


def test_a_table_of_a_room_above_is_found() -> None:
    planted = [
        (ROOMS / "core" / "x.py", 1, "select 1 from calls_call"),
        (ROOMS / "contacts" / "x.py", 2, "join optouts_optout o on true"),
    ]
    assert upwards(iter(planted)) == ["core/x.py:1 names calls_call", "contacts/x.py:2 names optouts_optout"]
