"""`make pictures`: the pictures of the README, taken from the demo's own pages."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from .e2e.conftest import CHROMIUM, FLAGS
from .site import ROOT, free_port, start, stop

PICTURES = {
    "desk": ("agent", "/desk/", "#desk[data-stage=contact]"),
    "overview": ("compliance", "/", ".chart-canvas canvas"),
}
GROWN_MS = 1500  # until bars stand


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        process, _env, _said = start(Path(folder) / "var", port, "--demo", "--clock", "10:00")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            for name, (role, path, drawn) in PICTURES.items():
                page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN").new_page()
                take(page, f"http://127.0.0.1:{port}", role, path, drawn)
                page.screenshot(path=ROOT / "docs" / f"{name}.png")
        finally:
            browser.close()
            stop(process)


def take(page: Page, site: str, role: str, path: str, drawn: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.click(f"button[name=role][value={role}]")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    page.goto(f"{site}{path}")
    page.wait_for_selector(drawn)
    page.wait_for_timeout(GROWN_MS)


if __name__ == "__main__":
    main()
