"""Codes in the trail and in records have words; what people typed stays."""

import ast

import pytest
from django.utils.translation import override

from apps.core import references
from tests.site import ROOT

MACHINES = {"demo", "bench"}  # write for worlds of their own


def _codes() -> dict[str, str]:
    """Every `subject=` and `purpose=` that is written as text in a call of the product, with where it
    stands."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "apps").rglob("*.py")):
        if path.relative_to(ROOT / "apps").parts[0] in MACHINES or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            if name in {"record_access", "record_page", "disclose", "disclose_to_person"}:
                assert isinstance(node, ast.Call)
                for each in node.keywords:
                    if each.arg in {"subject", "purpose"} and (code := _beginning(each.value)):
                        found[code] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def _beginning(value: ast.expr) -> str:
    if isinstance(value, ast.JoinedStr):
        value = value.values[0]
        return value.value.partition(":")[0] if isinstance(value, ast.Constant) else ""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def test_every_code_that_the_product_records_has_words() -> None:
    codes = _codes()
    assert len(codes) > 30, "the scan finds the calls"
    assert {code: place for code, place in codes.items() if not references.is_registered(code)} == {}


@pytest.mark.parametrize(("stored", "english", "chinese"), [
    ("call:116", "call cl_3m", "呼叫 cl_3m"),
    ("contact:list", "contacts", "联系人"),
    ("contact_import:4", "import 4", "导入 4"),
    ("quality.transcript:247", "transcript 247", "转写 247"),
    ("dispute: asked by the client", "dispute: asked by the client", "纠纷：asked by the client"),
    ("grave_violation: violation.script", "grave violation: left the approved script",
    "严重违规：偏离已批准话术"),
    ("paper form 12", "paper form 12", "paper form 12"),
    ("unheard_of:3", "unheard_of:3", "unheard_of:3"),
])  # fmt: skip
def test_a_reference_reads_in_the_readers_language(stored: str, english: str, chinese: str) -> None:
    with override("en"):
        assert references.in_words(stored) == english
    with override("zh-hans"):
        assert references.in_words(stored) == chinese


def test_a_code_is_registered_once() -> None:
    with pytest.raises(ValueError, match="call"):
        references.register({"call": "something else"})
