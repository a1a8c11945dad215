"""Rights as people meet them: a passkey, a reveal that goes away, a grant for a while, drift resolved."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visit


def test_a_passkey_is_added_and_signs_in(visit: Callable[..., Visit]) -> None:
    person = visit(host="localhost")
    page = person.page
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.click("button[name=role][value=compliance]")
    page.wait_for_url(re.compile(r"/$"))
    page.goto("/accounts/2fa/webauthn/add/")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile(r"/accounts/2fa/(webauthn/$|recovery-codes/)"))
    page.goto("/accounts/2fa/webauthn/")
    expect(page.locator("#content")).to_contain_text(re.compile("Passkey|密钥|Master|主"))
    page.click("form[action*=logout] button")
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(re.compile(r"/$"))
    expect(page.locator("header")).to_contain_text("赵明慧")
    assert [result for result in person.complaints if "favicon" not in result] == []


def test_a_revealed_value_leaves_the_page_when_it_is_hidden(visit: Callable[..., Visit]) -> None:
    person = visit("supervisor")
    page = person.page
    page.goto("/contacts/")
    page.click("tbody a >> nth=0")
    page.click("a[href$='/reveal/phone/']")
    page.select_option("select[name=purpose]", "complaint")
    page.fill("input[name=reason]", "客户投诉核对号码")
    page.click("button.btn-danger")
    shown = page.locator("[data-reveal-seconds]")
    expect(shown).to_have_text(re.compile(r"^\+861\d{10}$"))
    answer = person.answers[-1]
    assert "no-store" in answer.text.split("\n")[0]
    assert not re.search(r"1\d{10}", page.url)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(shown).to_have_text("••••")
    page.goto("/trail/")
    expect(page.locator("tbody tr >> nth=0")).to_contain_text("客户投诉核对号码")


def test_a_grant_is_approved_by_another_person(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance")
    officer.page.goto("/grants/")
    row = officer.page.locator("tbody tr", has_text="客户要求书面确认称呼")
    row.locator("button[name=approve]").click()
    expect(officer.page.locator("tbody tr", has_text="客户要求书面确认称呼")).to_contain_text("已批准")


def test_drift_is_resolved_by_one_click(visit: Callable[..., Visit]) -> None:
    admin = visit("admin")
    page = admin.page
    page.goto("/permission-audits/")
    page.click("form[action*=run] button")
    page.wait_for_url(re.compile(r"/permission-audits/\d+/$"))
    row = page.locator("tbody tr", has_text="联系人姓名")
    expect(row).to_contain_text("梁浩宇")
    row.locator("form button").click()
    expect(page.locator("tbody tr", has_text="联系人姓名")).to_contain_text("已处理")
    with page.expect_download() as download:
        page.click("a[href$='report.pdf']")
    assert download.value.path().read_bytes().startswith(b"%PDF-")
