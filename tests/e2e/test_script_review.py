"""A whole review by keyboard: from the queue, through findings, remarks and the difference, to the answer and
the next."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import Visit


def keys(page: Page, *pressed: str) -> None:
    """Once the page listens: its scripts run after its text is there."""
    page.wait_for_load_state("load")
    for key in pressed:
        page.keyboard.press(key)


def test_a_whole_review_by_keyboard(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/scripts/queue/")
    expect(page.locator("tbody tr >> nth=0")).to_contain_text("新品理财介绍")
    expect(page.locator("tbody tr >> nth=0")).to_contain_text("逾期")

    # What the check forbids cannot be approved, only sent back.
    keys(page, "n")
    expect(page.locator("h1")).to_contain_text("新品理财介绍 v1")
    keys(page, "f")
    expect(page.locator(".passage.is-here")).to_contain_text("保 本 保 息")
    expect(page.locator("[data-finding].is-here")).to_contain_text("《广告法》第25条")
    keys(page, "f")
    expect(page.locator("[data-finding].is-here")).to_contain_text("《广告法》第9条")
    keys(page, "a")
    expect(page.locator("input[value=approve]")).not_to_be_checked()
    keys(page, "s")
    page.keyboard.type("不得承诺保本，请改写。")
    keys(page, "Control+Enter")

    # Advice is judged before the approval, with a reason.
    expect(page.locator("h1")).to_contain_text("会员日短信 v1")
    expect(page.locator("#messages")).to_contain_text("待修改")
    keys(page, "a", "Control+Enter")
    expect(page.locator("#messages")).to_contain_text("请写明理由予以豁免")
    keys(page, "f", "o")
    page.keyboard.type("会员群一贯的称呼")
    keys(page, "Enter")
    expect(page.locator("[data-finding]")).to_contain_text("会员群一贯的称呼")
    keys(page, "a")
    page.keyboard.type("发送方与退订方式齐全。")
    keys(page, "Control+Enter")

    # A remark on a passage; the difference to what was approved last; sent back; nothing is left.
    expect(page.locator("h1")).to_contain_text("会员续费回访 v2")
    expect(page.locator("#messages")).to_contain_text("已发布")
    keys(page, "d")
    expect(page.locator("#difference ins >> nth=1")).to_contain_text("续费两年享受八五折")
    keys(page, "j", "j", "j")
    expect(page.locator(".passage.is-here")).to_contain_text("续费两年享受八五折")
    keys(page, "k", "j", "r")
    expect(page.locator("#id_quote")).to_have_value(re.compile("续费两年享受八五折"))
    page.keyboard.type("八五折有没有期限？")
    keys(page, "Control+Enter")
    expect(page.locator("[id^=remark-]", has_text="八五折有没有期限？")).to_be_visible()
    expect(page.locator(".mark-remark >> nth=0")).to_contain_text("续费两年享受八五折")
    keys(page, "s", "Control+Enter")
    expect(page).to_have_url(re.compile("/scripts/queue/$"))
    assert officer.complaints == []

    # The author reads what to change, answers, and the next version begins with the text and its open
    # remarks.
    author = visit("supervisor").page
    author.goto("/scripts/?state=changes_requested&name=会员续费")
    author.click("tbody a >> nth=0")
    answer = author.locator("[id^=remark-]", has_text="八五折有没有期限？").locator("input[name=text]")
    answer.fill("有，至年底。")
    answer.press("Enter")
    expect(author.locator(".answer")).to_contain_text("有，至年底。")
    author.click("a[href$='/versions/new/']")
    author.fill("textarea[name=body]", "续费一年可以享受九折，至{{ year }}底有效。")
    author.click(".card-footer button")
    expect(author.locator(".invalid-feedback")).to_contain_text("没有变量 {{ year }}")
    author.fill("textarea[name=body]", "续费一年可以享受九折，年底前有效。")
    author.click(".card-footer button")
    expect(author.locator("h1")).to_contain_text("会员续费回访 v3")
    expect(author.locator("[id^=remark-]", has_text="八五折有没有期限？")).to_contain_text("原文已修改")


def test_a_rule_shows_what_it_would_mean_before_a_second_person_puts_it_in_force(
    visit: Callable[..., Visit],
) -> None:
    officer = visit("compliance").page
    officer.goto("/rules/vague_discount/1/")
    expect(officer.locator(".alert-title")).to_contain_text("生效后将命中 1 个在用话术")
    officer.click("form[action$='/approve/'] button")
    expect(officer.locator("h1")).to_contain_text("现行")
    officer.goto("/rules/vague_discount/")
    expect(officer.locator("#content")).to_contain_text("可以享受九折")
