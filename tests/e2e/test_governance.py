"""What an officer does beside the calls, from beginning to end: a pack, an incident, an assessment, a month,
an audit (R33-R37)."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from apps.evidence import verify_pack
from tests.site import Site

from .conftest import Visit


def second_officer(visit: Callable[..., Visit], site: Site) -> Page:
    """The demo's button signs in one person of each role; this is another one of compliance."""
    page = visit().page
    password = site.demo["users"]["compliance"]["password"]
    page.fill("input[name=login]", "compliance2")
    page.fill("input[name=password]", password)
    page.click("form[action*='login'] button.btn-primary")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    return page


def pressed(page: Page, site: Site, button: str) -> None:
    """Presses what signs, and gives the password where it is asked before that."""
    with page.expect_navigation():
        page.click(button)
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", site.demo["users"]["compliance"]["password"])
        with page.expect_navigation():
            page.locator(
                "form:has(input[name=password]) button.btn-primary, form:has(input[name=password]) "
                "button[type=submit]"
            ).first.click()


def test_why_was_i_called_is_answered_by_a_file_that_anybody_can_check(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/contacts/")
    page.click("tbody a >> nth=0")
    page.click("main a:has-text('证据包'), .page-header a:has-text('证据包')")
    page.fill("input[name=reason]", "来信 2026-040")
    page.click("main form button.btn-primary")
    passphrase = page.locator(".font-monospace").inner_text()
    page.click("a:has-text('前往证据包')")
    fetch = page.locator("form[action$='/fetch/'] button")
    expect(fetch).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        fetch.click()
    file = tmp_path / "pack.zip"
    waiting.value.save_as(file)
    check = verify_pack.verify(str(file), passphrase=lambda: passphrase)
    assert check.found == []
    assert check.files >= 12
    assert officer.complaints == []


def test_an_alarm_becomes_an_incident_that_two_people_close(visit: Callable[..., Visit], site: Site) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/alarms/")
    page.click("button:has-text('转为安全事件') >> nth=0")
    page.wait_for_url("**/incidents/ic_*/")
    incident = page.url
    page.click("a:has-text('修改事实')")
    for name in ("information", "cause", "harm", "measures", "advice", "contact", "lessons"):
        page.fill(f"textarea[name={name}]", "演示：已核对。")
    page.click("main form button.btn-primary")
    page.click("button:has-text('从访问日志查找')")
    expect(page.locator("main")).to_contain_text(re.compile("[0-9]+ 人"), timeout=60_000)
    page.click("a:has-text('通知主管部门')")
    page.fill("input[name=how]", "报送系统 2026-0201")
    page.click("main form button.btn-primary")
    page.locator("form:has(button[value=not_required]) input[name=note]").fill("已停用账号，未产生来电")
    page.click("button[value=not_required]")
    page.click("button:has-text('提请第二人结束')")
    other = second_officer(visit, site)
    other.goto(incident)
    other.click("button:has-text('确认结束')")
    expect(other.locator("h1")).to_contain_text("已结束")
    assert officer.complaints == []


def test_an_assessment_blocks_a_campaign_and_frees_it(visit: Callable[..., Visit]) -> None:
    page = visit("supervisor").page
    page.goto("/campaigns/")
    page.click("tbody a:has-text('机器人活动通知')")
    campaign = page.url
    expect(page.locator("main")).to_contain_text("影响评估")
    page.click("a:has-text('撰写影响评估')")
    page.click("button:has-text('开始评估')")
    for name in ("necessity", "influence", "measures"):
        page.fill(f"textarea[name={name}]", "演示：已评估。")
    page.select_option("select[name=verdict]", "with_measures")
    page.fill("input[name=risks-0-threat]", "打扰客户")
    for name, value in (("likelihood", "2"), ("harm", "2"), ("remaining", "1")):
        page.select_option(f"select[name=risks-0-{name}]", value)
    page.fill("input[name=risks-0-measure]", "限制频次")
    page.click("button[name=submit]")
    page.wait_for_url(re.compile(r"/assessments/as_\w+/$"))
    assessment = page.url
    officer = visit("compliance").page
    officer.goto(re.sub(r"^https?://[^/]+", "", assessment))
    officer.click("button[value=approve]")
    expect(officer.locator("h1")).to_contain_text("已批准")
    page.goto(campaign)
    expect(page.locator("main")).not_to_contain_text("影响评估（R36）")


def test_a_month_is_signed_by_two(visit: Callable[..., Visit], site: Site) -> None:
    page = visit("compliance").page
    page.goto("/months/")
    page.click("main a:has-text('草稿') >> nth=0")
    report = page.url
    red = page.locator(".list-group-item:has(> div > .bg-red-lt)")
    for place in range(red.count()):
        red.nth(place).locator("input[name=note]").fill("演示站点，数据不全。")
        with page.expect_navigation():
            red.nth(place).locator("button[value=note]").click()
    page.click("button[value=sign]")
    expect(page.locator("h1")).to_contain_text("等待第二人签署")
    other = second_officer(visit, site)
    other.goto(re.sub(r"^https?://[^/]+", "", report))
    pressed(other, site, "button[value=sign]")
    expect(other.locator("h1")).to_contain_text("已签署")


def test_an_audit_goes_from_plan_to_report(visit: Callable[..., Visit], site: Site) -> None:
    page = visit("compliance").page
    page.goto("/compliance-audits/")
    page.click("a:has-text('下一年度合规审计')")
    audit = re.sub(r"^https?://[^/]+", "", page.url)
    page.click("button[value=begin]")
    points = page.locator("section:has(details)")
    expect(points.first).to_be_visible()
    for place in range(points.count()):
        point = points.nth(place)
        point.locator("summary").click()
        point.locator("textarea[name=found]").fill("演示：已核对。")
        point.locator("select[name=verdict]").select_option("conforms")
        with page.expect_navigation():  # of the next page, not the one that is there
            point.locator("button[value=answer]").click()
    page.fill("#conclusion", "演示：总体符合。")
    page.click("button[value=report]")
    expect(page.locator("h1")).to_contain_text("等待第二人签署")
    other = second_officer(visit, site)
    other.goto(audit)
    pressed(other, site, "button[value=sign]")
    expect(other.locator("h1")).to_contain_text("已签署")
    with other.expect_download() as waiting:
        other.click("a:has-text('PDF')")
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF")
