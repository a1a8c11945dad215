"""What stands around every page: the menu, the question before what cannot be undone, the bar of a failure,
the search box by key."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visit


def test_the_menu_opens_one_group_and_remembers_it(visit: Callable[..., Visit]) -> None:
    page = visit("compliance").page
    links = page.locator("#navigation a.nav-link:visible")
    assert links.count() <= 9
    page.click("summary:has-text('客户权益')")
    expect(page.locator("#navigation a:has-text('退订')")).to_be_visible()
    page.click("summary:has-text('话术与质检')")
    expect(page.locator("#navigation a:has-text('退订')")).to_be_hidden()
    page.click("a.navbar-brand")
    expect(page.locator("#navigation a:has-text('话术审核')")).to_be_visible()
    page.goto("/decisions/")
    expect(page.locator("#navigation a[aria-current=page]")).to_have_text(re.compile("判定记录"))
    expect(page.locator("#navigation details[open]")).to_have_count(1)
    page.goto("/decisions/dc_a/")
    expect(page.locator("#navigation a[aria-current=page]")).to_have_text(re.compile("判定记录"))


def test_what_cannot_be_undone_is_asked_and_done_once(visit: Callable[..., Visit]) -> None:
    officer = visit("supervisor")
    page = officer.page
    page.goto("/campaigns/")
    page.click("tbody a:has-text('会员续费回访')")
    page.click("button:has-text('暂停')")
    expect(page.locator("h1")).to_contain_text("已暂停")
    asks = page.locator("dialog#confirm")
    expect(asks).to_be_hidden()
    page.click("button:has-text('结束任务')")
    expect(asks).to_contain_text("外呼任务将永久结束")
    expect(asks.locator("[data-confirm-no]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(asks).to_be_hidden()
    expect(page.locator("h1")).to_contain_text("已暂停")
    page.click("button:has-text('启动任务')")
    expect(page.locator("h1")).to_contain_text("进行中")
    assert officer.complaints == []


def test_a_yes_goes_to_the_server(visit: Callable[..., Visit]) -> None:
    page = visit("admin").page
    page.goto("/people/")
    page.click("tbody a >> nth=3")
    page.click("button:has-text('结束全部会话')")
    page.locator("dialog#confirm [data-confirm-yes]").click()
    page.wait_for_url("**/people/*/")
    expect(page.locator("dialog#confirm")).to_be_hidden()


def test_a_server_that_does_not_answer_is_seen(visit: Callable[..., Visit]) -> None:
    page = visit("agent").page
    page.wait_for_selector("#desk[data-stage=contact]")
    bar = page.locator("#failure")
    expect(bar).to_be_hidden()
    page.route(
        "**/desk/**", lambda route: route.fulfill(status=500, headers={"X-Request-ID": "abc123"}, body="x")
    )
    page.keyboard.press("9")
    expect(bar).to_be_visible()
    expect(bar).to_contain_text("刚才的操作没有完成")
    expect(bar).to_contain_text("abc123")
    page.unroute("**/desk/**")
    bar.locator("[data-failure-close]").click()
    expect(bar).to_be_hidden()


def test_the_search_box_is_reached_from_anywhere(visit: Callable[..., Visit]) -> None:
    page = visit("compliance").page
    page.keyboard.press("Control+k")
    expect(page.locator("header input[name=words]")).to_be_focused()
    page.keyboard.type("续费")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect(page.locator("main")).to_contain_text("会员续费回访")
