"""A whole site of its own, started as people start it, and a browser on it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.site import Site, begin_with_made, free_port, start, stop

from .recorder import Answer, Recorder

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LOCKED = 700  # milliseconds after the desk has changed: keys wait for them


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo at ten in the morning, whatever the hour of the test."""
    home = tmp_path_factory.mktemp("site") / "var"
    begin_with_made(home)
    port = free_port()
    process, env, said = start(home, port, "--demo", "--clock", "10:00")
    yield Site(port, home, env, said.read_text())
    assert stop(process) == 0


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One person at a screen; `answers` is what went over the wire to them."""

    page: Page
    recorder: Recorder
    complaints: list[str] = field(default_factory=list)

    @property
    def answers(self) -> list[Answer]:
        return self.recorder.answers


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a browser window for a role, signed in through the demo's button."""
    opened: list[Visit] = []

    def open_window(
        role: str = "",
        *,
        width: int = 1440,
        language: str = "zh-CN",
        theme: str = "light",
        host: str = "127.0.0.1",
    ) -> Visit:
        recorder = Recorder(site.port)
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=language,
            base_url=recorder.url.replace("127.0.0.1", host),
            accept_downloads=True,
        )
        context.add_init_script(f"localStorage.setItem('hegui-theme', '{theme}')")
        page = context.new_page()
        page.set_default_timeout(20_000)
        made = Visit(page, recorder)
        opened.append(made)
        page.on(
            "console",
            lambda message: made.complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.goto("/accounts/login/")
        if role:
            page.click(f"button[name=role][value={role}]")
            page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return made

    yield open_window
    for made in opened:
        made.page.context.close()
        made.recorder.close()
