"""What is typed is not lost: a page left, a session that ended, an opt-out in the middle of the result."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import LOCKED, Visit

WORDS = "客户说上周已经拒绝过，仍然接到来电。"


def typed(page: Page, box: str, words: str) -> None:
    """Into a box, until the server has kept it."""
    with page.expect_response(
        lambda answer: answer.url.endswith("/drafts/") and answer.request.method == "POST"
    ) as kept:
        page.fill(box, words)
    assert kept.value.status == 204


def test_a_page_left_by_mistake_comes_back_as_it_was(visit: Callable[..., Visit]) -> None:
    supervisor = visit("supervisor")
    page = supervisor.page
    page.goto("/complaints/new/")
    page.select_option("[name=kind]", "after_no")
    typed(page, "[name=text]", WORDS)
    page.goto("/complaints/")
    page.goto("/complaints/new/")
    expect(page.locator("[name=text]")).to_have_value(WORDS)
    expect(page.locator("[name=kind]")).to_have_value("after_no")
    expect(page.locator("#content")).to_contain_text("已恢复您之前填写的内容")
    page.click("button:has-text('丢弃')")
    expect(page.locator("[name=text]")).to_have_value("")
    page.goto("/complaints/new/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[name=text]")).to_have_value("")
    assert supervisor.complaints == []


def test_a_session_that_ended_loses_nothing(visit: Callable[..., Visit]) -> None:
    page = visit("supervisor").page
    page.goto("/complaints/new/")
    typed(page, "[name=text]", WORDS)
    other = page.context.new_page()  # the same person signs out in another window
    other.goto("/complaints/")
    other.click("form[action='/accounts/logout/'] button")
    page.click("main form[data-draft] button.btn-primary")
    page.wait_for_url("**/accounts/login/?next=/complaints/new/")
    expect(page.locator("main")).to_contain_text("没有保存")
    page.click("button[name=role][value=supervisor]")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    page.goto("/complaints/new/")
    expect(page.locator("[name=text]")).to_have_value(WORDS)
    page.click("button:has-text('丢弃')")
    expect(page.locator("[name=text]")).to_have_value("")


def test_an_opt_out_while_the_result_is_written_keeps_what_was_typed(visit: Callable[..., Visit]) -> None:
    agent = visit("agent")
    page = agent.page
    desk = page.locator("#desk")
    page.wait_for_selector("#desk[data-stage=contact]")
    for box in page.locator("[data-tick]").all():
        box.check()
    page.click("[data-key=c]")
    page.wait_for_selector("#desk[data-stage=call]")
    page.wait_for_timeout(LOCKED)
    page.keyboard.press("e")
    expect(desk).to_have_attribute("data-stage", "result", timeout=60_000)
    typed(page, "#id_note", "客户问了年费。")
    page.fill("#id_ticket", "寄送资料")
    page.click("button[data-key='9']")
    expect(page.locator("#messages")).to_contain_text("已退订")
    expect(page.locator("#id_note")).to_have_value("客户问了年费。")
    expect(page.locator("#id_ticket")).to_have_value("寄送资料")
    expect(page.locator("[name=reason][value=opted_out]")).to_be_checked()
    expect(page.locator("[name=reason][value=interested]")).to_have_count(0)
    page.fill("#id_ticket", "")
    page.click("[data-submit]")
    expect(page.locator("#messages")).to_contain_text("已保存")
    assert agent.complaints == []
