"""A day at the desk by keyboard: breaks, contacts put off, timers, keys that wait when the desk has
changed."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import LOCKED, Visit


def test_a_break_by_key_and_back_to_work(visit: Callable[..., Visit]) -> None:
    page = visit("agent").page
    desk = page.locator("#desk")
    expect(desk).to_have_attribute("data-stage", "contact")
    page.wait_for_timeout(LOCKED)
    page.keyboard.press("b")
    page.click("button:has-text('小休')")
    expect(desk).to_have_attribute("data-stage", "break")
    expect(page.locator("[data-timer]")).to_have_text(re.compile(r"00:0[1-9]"))
    page.wait_for_timeout(LOCKED)
    page.keyboard.press("n")
    expect(desk).to_have_attribute("data-stage", "contact")


def test_a_contact_is_put_off_and_taken_up_again(visit: Callable[..., Visit]) -> None:
    agent = visit("agent")
    page = agent.page
    desk = page.locator("#desk")
    expect(desk).to_have_attribute("data-stage", "contact")
    number = desk.locator(".font-monospace").inner_text()
    page.wait_for_timeout(LOCKED)
    page.keyboard.press("l")
    page.fill("#id_at", "2020-01-01T10:00")
    page.click("button:has-text('推迟')")
    expect(desk.locator("[role=alert]")).to_contain_text("请选择 30 天以内的时间。")
    soon = page.evaluate(
        "() => new Date(Date.parse(document.getElementById('desk').dataset.now) + 1.5 * 3600e3 + 8 * "
        "3600e3).toISOString()"
    )
    page.fill("#id_at", soon[:16])
    page.click("button:has-text('推迟')")
    expect(page.locator("#messages")).to_contain_text("已推迟")
    expect(desk.locator(".font-monospace")).not_to_have_text(number)
    page.goto("/desk/later/")
    page.locator("tr", has_text=number).locator("button:has-text('立即处理')").click()
    expect(desk.locator(".font-monospace")).to_have_text(number)
    expect(desk).to_contain_text("推迟至")
    assert agent.complaints == []


def test_keys_wait_when_the_desk_has_changed(visit: Callable[..., Visit]) -> None:
    """A finger that still means the screen before does nothing on the new one; the opt-out works at once."""
    page = visit("agent").page
    page.wait_for_selector("#desk[data-stage=contact]")
    page.evaluate(
        "() => { document.getElementById('desk').dataset.stage = 'call'; document.dispatchEvent(new "
        "Event('htmx:afterSwap')); }"
    )
    page.keyboard.press("t")
    assert page.locator("[data-tick]:checked").count() == 0
    page.wait_for_timeout(LOCKED)
    page.keyboard.press("t")
    assert page.locator("[data-tick]:checked").count() == 1
