"""The rights of a person, from the public page to the copy in their hands and the certificate of the one who
answered."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pyzipper
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import serious
from tests.site import Site

from .conftest import Visit

SECONDS = 20


def last_message(site: Site, shape: str) -> str:
    """What the last message to a number holds; in the demo they go to the log of the site."""
    logs = [site.home / "run" / f"{name}.log" for name in ("web", "worker")]
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found := re.findall(
            shape,
            "\n".join(
                line for log in logs for line in log.read_text().splitlines() if "demo_message" in line
            ),
        ):
            return str(found[-1])
        time.sleep(0.2)
    raise AssertionError("No message was sent.")


def asked(page: Page, site: Site, number: str) -> str:
    """A stranger asks to see their data; the number of the request."""
    page.goto("/my-data/")
    page.check("input[name=kind][value=see]")
    page.fill("input[name=phone]", number)
    page.click("main button")
    page.fill("#code", last_message(site, r"\b(\d{6})\b"))
    page.click("main button")
    expect(page.locator("#content")).to_contain_text("15")
    found = re.search(r"rq_\w+", page.inner_text("#content"))
    assert found
    return found[0]


def test_a_person_sees_what_is_kept_of_them(
    site: Site, browser: Browser, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    number = str(site.demo["contacts"][3]["phone"])
    stranger = browser.new_context(
        viewport={"width": 360, "height": 740},
        locale="zh-CN",
        base_url=f"http://127.0.0.1:{site.port}",
        java_script_enabled=False,
    )
    page = stranger.new_page()
    request = asked(page, site, number)

    officer = visit("compliance")
    desk = officer.page
    desk.goto("/requests/")
    desk.locator(f"a[href='/requests/{request}/']").first.click()
    expect(desk.locator("h1, .page-title").first).to_be_visible()
    assert serious(desk) == []
    desk.locator(f"form[action='/requests/{request}/copy/'] button").click()
    passphrase = desk.locator(".font-monospace").inner_text().strip()

    page.goto(last_message(site, r"https?://[^\s/]+(/copy/[^\s\"/]+/)"))
    with page.expect_download() as fetched:
        page.click("main button")
    fetched.value.save_as(tmp_path / "copy.zip")
    with pyzipper.AESZipFile(tmp_path / "copy.zip") as archive:
        archive.setpassword(passphrase.encode())
        assert json.loads(archive.read("contact.json"))["phone"] == number
    page.click("main button")  # the page still stands there
    expect(page.locator("main button")).to_have_count(0)  # once

    desk.goto(f"/requests/{request}/")
    desk.fill("textarea[name=answer]", "已提供个人信息副本。")
    desk.locator(f"form[action='/requests/{request}/execute/'] button").click()
    for form, begins in (("json", b"{"), ("pdf", b"%PDF")):
        with desk.expect_download() as handed:
            desk.locator(f"a[href='/requests/{request}/certificate.{form}']").click()
        handed.value.save_as(tmp_path / form)
        assert (tmp_path / form).read_bytes().startswith(begins)
        assert number[-11:].encode() not in (tmp_path / form).read_bytes()
    shape = re.compile(number[-11:])
    assert not [answer.path for answer in officer.answers if shape.search(answer.text)]
    stranger.close()


def test_a_number_that_nobody_knows_is_answered_alike(site: Site, browser: Browser) -> None:
    context = browser.new_context(
        locale="zh-CN", base_url=f"http://127.0.0.1:{site.port}", java_script_enabled=False
    )
    page = context.new_page()
    said = []
    for number in (str(site.demo["contacts"][4]["phone"]), "+8613800009997"):
        page.goto("/my-data/")
        page.check("input[name=kind][value=see]")
        page.fill("input[name=phone]", number)
        page.click("main button")
        said.append(re.sub(r'value="[^"]*"', "", page.inner_html("#content")))
    assert said[0] == said[1]
    context.close()
