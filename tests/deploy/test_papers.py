"""What the papers and files for operators name is there: variables, commands, figures, entries of the
run-book."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.core.management import get_commands

from apps.core.web.metrics import METRICS
from config import settings
from config.celery import QUEUES
from config.variables import OF_COMMANDS
from tests.deploy.make_rooms import picture

ROOT = Path(__file__).resolve().parent.parent.parent
SUBSYSTEMS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/subsystems").glob("*.md"))
PAGES = ("README.md", "docs/install.md", "docs/upgrade.md", "docs/operations.md")
OF_PROMETHEUS = {"up", "hegui_gate_seconds_bucket", "hegui_figures_failed"}
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())["groups"][0][
    "rules"
]


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def anchors(page: str) -> set[str]:
    """Of its headings, as web pages make them."""
    heads = re.findall(r"^#+ (.+)$", text_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_figures_that_there_are_and_has_its_entry(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"\b(?:hegui_\w+|up)\b", re.sub(r'"[^"]*"', "", rule["expr"])))
    assert named <= METRICS.keys() | OF_PROMETHEUS
    assert rule["labels"]["severity"] in {"page", "ticket"}
    page, _hash, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors(page)


def test_every_entry_of_the_run_book_has_an_alert() -> None:
    about = text_of("docs/operations.md").split("## What an alert means")[1].split("\n## ")[0]
    heads = {
        re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^### (.+)$", about, re.M)
    }
    assert heads == {rule["annotations"]["runbook"].partition("#")[2] for rule in RULES}


def variables(text: str) -> set[str]:
    return set(re.findall(r"\bHEGUI_[A-Z][A-Z_]*[A-Z]\b", text))


def test_every_variable_is_read_and_explained() -> None:
    known = {name for name in settings.env.known if name.startswith("HEGUI_")} - OF_COMMANDS
    papers = {
        name: variables(text_of(name)) for name in (*PAGES, "deploy/hegui.env.example", "deploy/compose.yaml")
    }
    for name, found in papers.items():
        assert found <= known, name
    of_tests = {"HEGUI_DEMO", "HEGUI_DEMO_CLOCK_OFFSET", "HEGUI_LOG_LEVEL", "HEGUI_POSTGRES_BIN"}
    # README shortens families: HEGUI_OIDC_SERVER, `_CLIENT_ID`, …
    short = {name for name in known if name.startswith(("HEGUI_OIDC_", "HEGUI_THIRD_READER_"))}
    assert known - of_tests - short <= set().union(*papers.values())


@pytest.mark.parametrize("page", PAGES)
def test_a_command_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(r"(?:\bhegui|bin/hegui\"?|manage\.py) ([a-z_]+)", text_of(page)))
    assert named - {
        "is",
        "if",
        "login",
        "as",
        "createdb",
        "hegui",
        "owner",
        "template",
    } <= get_commands().keys() | {"hegui"}


@pytest.mark.parametrize(
    "unit", sorted((ROOT / "deploy/systemd").glob("*.service")), ids=lambda path: path.stem
)
def test_a_unit_runs_a_part_that_there_is(unit: Path) -> None:
    words = re.search(r"^ExecStart=/opt/hegui/bin/hegui run (\w+) ?(\S*)$", unit.read_text(), re.M)
    assert words is not None
    assert words[1] in {"web", "worker", "beat"}
    assert set(words[2].split(",")) <= {"", *QUEUES}


@pytest.mark.parametrize(
    "page", ["docs/security.md", "docs/compliance.md", "docs/operations.md", *SUBSYSTEMS]
)
def test_a_test_that_a_page_names_is_there(page: str) -> None:
    """A bare name stands in the folder of the one named before it in the same cell."""
    missing = []
    for cell in re.split(r"\||\n\n", text_of(page)):
        folder = "tests"
        for name in re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)`", cell):
            path = name if name.startswith("tests/") else f"{folder}/{name}"
            folder = str(Path(path).parent)
            if not (ROOT / path).exists():
                missing.append(path)
    assert missing == []


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda path: path.stem
)
def test_a_module_that_a_page_names_is_there(page: Path) -> None:
    """By its path, or by the end of it."""
    folders = ("apps", "config", "tests", "deploy", "templates", "static")
    there = {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.*")}
    named = set(re.findall(r"`([\w./-]+\.(?:py|html|yaml|js|css|sh|lua))`", page.read_text()))
    assert {
        name for name in named if not any(path == name or path.endswith(f"/{name}") for path in there)
    } == set()


@pytest.mark.parametrize("page", SUBSYSTEMS)
def test_a_table_that_a_page_names_is_there(page: str) -> None:
    rooms = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    about = text_of(page).partition("## The tables")[2].partition("\n## ")[0]
    named = {name for name in re.findall(r"`([a-z]+_[a-z]+)`", about) if name.partition("_")[0] in rooms}
    assert named <= tables


def test_every_signal_stands_in_the_table() -> None:
    """By the names in each room's `signals.py`."""
    made = {
        f"{path.parent.name}.signals.{name}"
        for path in (ROOT / "apps").glob("*/signals.py")
        for name in re.findall(r"^(\w+) = Signal\(\)$", path.read_text(), re.M)
    }
    table = text_of("docs/subsystems/signals-and-ports.md")
    assert {
        name for name in made if name not in table and f"`{name.rpartition('.')[2]}`" not in table
    } == set()


def test_the_picture_of_the_rooms_is_what_they_import() -> None:
    assert (ROOT / "docs/rooms.svg").read_text() == picture(), "make rooms"


def test_the_queues_are_all_taken_from() -> None:
    output = "".join(path.read_text() for path in (ROOT / "deploy/systemd").glob("*.service"))
    assert set(",".join(re.findall(r"run worker (\S+)", output)).split(",")) == set(QUEUES)


def test_containers_run_the_same_parts() -> None:
    services = yaml.safe_load(text_of("deploy/compose.yaml"))["services"]
    assert {"postgres", "redis", "upgrade", "web", "worker", "heavy", "speech", "beat"} == services.keys()
    assert services["worker"]["command"] == ["run", "worker", "urgent,default"]
    assert [services[name]["command"] for name in ("heavy", "speech")] == [
        ["run", "worker", "heavy"],
        ["run", "worker", "speech"],
    ]


def test_no_paper_or_lock_names_a_registry() -> None:
    for name in ("requirements.lock", "deploy/requirements.lock", "package-lock.json"):
        assert not re.search(r"--(?:index-url|find-links)|\"resolved\"", text_of(name)), name
