"""What is kept in the repository: the project, nothing that another made."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "README.md", "SECURITY.md", "apps",
    "config", "deploy", "docs",
    "locale", "manage.py", "package-lock.json", "package.json", "pyproject.toml", "requirements.lock",
    "static", "templates", "tests",
}  # fmt: skip
PICTURES_AND_NUMBERS = {"docs/desk.png", "docs/overview.png", "apps/scripts/checking/advice.npz",
                        "tests/data/releases/0.1.0.dump"}  # fmt: skip


def tracked() -> list[str]:
    return subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_at_the_top_stands_only_the_project() -> None:
    assert {name.partition("/")[0] for name in tracked()} == TOP


def test_what_is_no_text_is_made_here_and_named() -> None:
    assert {name for name in tracked() if b"\0" in (ROOT / name).read_bytes()} == PICTURES_AND_NUMBERS


def test_no_test_module_imports_another() -> None:
    """What several use stands in a module of its own."""
    imports = re.compile(
        r"^from (?:tests\.\w+|\.)?\.?test_\w+ import|^from tests(?:\.\w+)*\.test_\w+ import|^from tests\.\w+ "
        r"import test_",
        re.M,
    )
    assert [
        name
        for name in tracked()
        if name.startswith("tests/") and name.endswith(".py")
        if imports.search((ROOT / name).read_text())
    ] == []
