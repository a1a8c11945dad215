"""What runs after a commit never makes an error of what was stored: every hook is robust."""

import ast
from pathlib import Path

APPS = Path(__file__).resolve().parent.parent.parent / "apps"


def test_every_hook_after_a_commit_is_robust() -> None:
    found = [
        f"{path.relative_to(APPS)}:{node.lineno}"
        for path in APPS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "on_commit"
        and not any(
            keyword.arg == "robust" and getattr(keyword.value, "value", False) for keyword in node.keywords
        )
    ]
    assert found == []
