"""A supervisor hears an encrypted recording, marks it, judges it; a grave violation takes the agent off the
telephone until closed."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from .conftest import Visit


def open_recording(page: Page) -> None:
    page.click("[data-key=o]")
    expect(page.locator("[data-player][data-ready='1']")).to_be_visible()


def test_from_the_sound_to_the_agent_who_is_back(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance")
    page = officer.page
    # of the demo's past: with a transcript
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    page.goto(f"/recordings/?until={yesterday}")
    page.select_option("[name=campaign]", label="会员续费回访")
    page.select_option("[name=agent]", label="周晓雯")
    page.click("form.filters button:has-text('筛选')")
    page.click("tbody a >> nth=0")
    page.click("button:has-text('质检此通话')")
    page.wait_for_url("**/quality/*/")
    page.click("[data-key=t]")
    expect(page.locator("[data-score-card]")).to_be_visible()
    review = page.url.split("?")[0]

    # Nothing is heard or read before a purpose is named; then it plays, and jumps where it is asked to.
    assert page.locator("[data-player]").count() == 0
    open_recording(page)
    page.keyboard.press(" ")
    expect(page.locator("[data-player-time]")).to_have_text(re.compile(r"0:0[1-9] /"))
    page.keyboard.press("l")
    page.keyboard.press("l")
    expect(page.locator("[data-player-time]")).to_have_text(re.compile(r"0:1\d /"))
    expect(page.locator(".said.is-said")).to_be_visible()
    page.keyboard.press("k")
    page.click("[data-transcript] [data-seek] >> nth=2")
    page.wait_for_function(
        "document.querySelector('.said.is-said') === document.querySelectorAll('.said')[2]"
    )
    sound = [answer for answer in officer.answers if re.search(r"/plays/\d+/sound", answer.path)]
    assert sound
    assert all(answer.status == 206 for answer in sound)

    # Words are searched; a stretch is chosen on the wave form and remarked on.
    page.keyboard.press("/")
    page.keyboard.type("续费")
    expect(page.locator(".said.is-found >> nth=0")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("[data-wave]").scroll_into_view_if_needed()
    box = page.locator("[data-wave]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 40, steps=5)
    page.mouse.up()
    expect(page.locator("[data-stretch] >> nth=0")).to_have_text(re.compile("–"))
    page.keyboard.press("r")
    page.keyboard.type("语速过快，请放慢。")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("语速过快，请放慢。")
    page.wait_for_load_state()  # before that nobody listens to keys

    # A grave violation: recorded with its stretch.
    page.keyboard.press("v")
    page.select_option("#id_kind", "secrets")
    page.select_option("#id_gravity", "grave")
    page.fill("#id_note", "向客户索要验证码")
    page.select_option("#id_owner", label="陈立群")
    page.click("button:has-text('登记违规并开启整改')")
    expect(page.locator("#messages")).to_contain_text("违规已登记")
    page.wait_for_load_state()

    # The score card by number; the verdict.
    for number in "12345678":
        page.keyboard.press(number)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("评定已提交")
    expect(page.locator("body")).to_contain_text("致命项不合格")
    assert page.url.split("?")[0] == review

    # The gate refuses the agent's next call.
    agent = visit("agent").page
    agent.goto("/desk/")
    expect(agent.locator("body")).to_contain_text("暂停")
    assert agent.locator("[data-key='c']").count() == 0

    # The owner corrects it, the officer checks it, the agent is back.
    owner = visit("supervisor").page
    owner.goto("/actions/")
    owner.click("tr:has-text('严重'):has-text('周晓雯') a")
    owner.fill("#id_measures", "停岗培训两天并通过考核。")
    owner.fill("#id_proof", "培训记录 2026-11")
    owner.click("button:has-text('已完成')")
    expect(owner.locator("h1")).to_contain_text("待复核")
    assert owner.locator("button:has-text('整改合格，关闭')").count() == 0
    page.goto(owner.url)
    page.fill("#id_note", "抽听三通，未再发生。")
    page.click("button:has-text('整改合格，关闭')")
    expect(page.locator("h1")).to_contain_text("复核通过，已关闭")
    agent.goto("/desk/")
    expect(agent.locator("body")).not_to_contain_text("暂停外呼")

    # The agent hears the call and reads the verdict, and no word of what the client said.
    agent.goto(review)
    open_recording(agent)
    assert agent.locator("[data-transcript]").count() == 0
    assert officer.complaints == []


def test_a_complaint_from_its_record_to_its_end(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/recordings/")
    page.click("tbody a >> nth=2")
    page.click("a:has-text('登记投诉')")
    page.fill("#id_text", "要求不再来电，并说明号码从何而来。")
    page.select_option("#id_kind", "privacy")
    page.click("main form[data-draft] button.btn-primary")
    expect(page.locator("#messages")).to_contain_text("暂停删除")
    expect(page.locator("h1")).to_contain_text("依法保留")
    expect(page.locator("body")).to_contain_text("已登记退订")
    page.fill("#id_note", "已致电说明来源。")
    page.click("button[value=answered]")
    page.fill("#id_note", "等客户确认。")
    page.click("button[value=paused]")
    expect(page.locator("h1")).to_contain_text("等待客户")
    page.fill("#id_note", "客户已确认。")
    page.click("button[value=resumed]")
    page.fill("#id_remedy", "已致歉并登记退订。")
    page.click("button[value=close]")
    expect(page.locator("h1")).to_contain_text("已办结")
    expect(page.locator("h1")).not_to_contain_text("依法保留")
    assert officer.complaints == []
