"""Opting out by a link, as a stranger on a phone does: one page, one click, no script; and a near miss
judged."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.axe import serious
from tests.site import Site

from .conftest import Visit


def link_of(site: Site, number: str) -> str:
    made = site.manage(
        "shell",
        "-c",
        f"from apps.optouts.services import make_link; print('word', make_link(phone='{number}'))",
    )
    return f"/o/{made.split('word ')[1].strip()}/"


def test_a_stranger_opts_out_by_one_click_without_script(site: Site, browser: Browser) -> None:
    address = link_of(site, "+8613800009999")
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        locale="zh-CN",
        base_url=f"http://127.0.0.1:{site.port}",
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto(address)
    page.goto(address)  # as a scanner of links does, once more
    expect(page.locator("main button")).to_have_count(1)
    page.click("main button")
    expect(page.locator("[role=status]")).to_contain_text("不会再呼叫")
    context.close()


def test_the_page_of_a_link_is_fit_for_everybody(visit: Callable[..., Visit], site: Site) -> None:
    address = link_of(site, "+8613800009998")
    stranger = visit(width=360)
    stranger.page.goto(address)
    assert serious(stranger.page) == []
    assert stranger.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    stranger.page.click("main button")
    expect(stranger.page.locator("[role=status]")).to_contain_text("不会再呼叫")
    assert serious(stranger.page) == []
    assert stranger.complaints == []


def test_a_near_miss_is_read_and_judged(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance").page
    officer.goto("/opt-outs/")
    officer.click(".alert-warning a >> nth=0")
    officer.click("button[name=read]")
    assert serious(officer) == []
    expect(officer.locator("[data-reveal-seconds]")).to_contain_text("谢谢")
    officer.click("button[name=confirm]")
    expect(officer).to_have_url(re.compile("/opt-outs/$"))
    expect(officer.locator("#messages")).to_contain_text("保留在退订名单中")
