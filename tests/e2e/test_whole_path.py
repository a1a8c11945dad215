"""The main job, as a stranger would do it: a list is imported, an agent calls from it, the client
presses 9, and from then on the gate says no. Nowhere on the way does a number show."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from apps.contacts.rules import STATUS_WORDS
from apps.core.web import ids
from tests.conftest import DATA
from tests.site import Site

from .conftest import Visit

EXPECTED = json.loads((DATA / "contacts-expected.json").read_text())
LIST = DATA / "contacts-crm.csv"


def chosen() -> str:
    """A number of the list that consented and whose client will press 9 (the practice dialler goes by the
    last digit)."""
    return next(row["e164"] for row in EXPECTED["rows"] if row.get("consent") and row["e164"].endswith("9"))


@pytest.fixture(scope="module")
def numbers(site: Site) -> list[str]:
    """Every number that could leak: of the demo and of the list; as people write them."""
    of_demo = [contact["phone"] for contact in site.demo["contacts"]]
    of_list = [row["e164"] for row in EXPECTED["rows"] if row.get("e164")]
    return sorted({number[-11:] for number in [*of_demo, *of_list]})


def assert_masked(visitor: Visit, numbers: list[str]) -> None:
    shape = re.compile("|".join(numbers))
    assert visitor.answers
    for answer in visitor.answers:
        found = shape.search(answer.text)
        assert found is None, f"{answer.path} shows a number of the world at {found and found.start()}"


def test_a_list_is_imported(site: Site, visit: Callable[..., Visit], numbers: list[str]) -> None:
    supervisor = visit("supervisor")
    page = supervisor.page
    page.goto("/imports/new/")
    page.select_option("select[name=source]", label=_option(page.content(), "会员续费回访"))
    page.select_option("select[name=campaign]", label="会员续费回访")
    page.set_input_files("input[type=file]", str(LIST))
    page.click("form[enctype] button.btn-primary")
    page.wait_for_url("**/imports/*/")
    assert page.input_value("select[name=phone]") == "0"
    page.click("form.card button.btn-primary")
    expect(page.locator("#job")).to_have_attribute("data-job", "done", timeout=30_000)
    shown = page.inner_text("#job")
    for status, count in EXPECTED["counts"].items():
        with override("zh-hans"):
            words = str(STATUS_WORDS[status])
        assert re.search(rf"{words}\s+{count}\b", shown), shown
    with page.expect_download() as download:
        page.click("a[href$='/report.jsonl']")
    lines = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert [(line["row"], line["status"]) for line in lines] == [
        (row["row"], row["status"]) for row in EXPECTED["rows"]
    ]
    assert_masked(supervisor, numbers)
    assert supervisor.complaints == []


def _option(html: str, part: str) -> str:
    found = re.search(rf">\s*([^<]*{part}[^<]*)\s*</option>", html)
    assert found
    return found[1].strip()


def _bring_to_the_front(site: Site, number: str) -> None:
    """Of 700 waiting contacts the one of this test comes first."""
    (entry,) = [
        contact
        for contact in site.demo["contacts"]
        if contact["phone"] == number and contact["campaign"] == "retail-members"
    ]
    with psycopg.connect(**site.database) as link:
        link.execute(
            "update campaigns_queueentry set state = 'waiting', held_by_id = null, held_until = null where "
            "state = 'held'"
        )
        link.execute(
            "update campaigns_queueentry set priority = 9 from campaigns_campaign c"
            " where campaign_id = c.id and c.code = 'retail-members' and contact_id = %s",
            [ids.decode("ct", entry["id"])],
        )


def test_the_desk_from_sign_in_to_the_refusal_after_key_9(
    site: Site, visit: Callable[..., Visit], numbers: list[str]
) -> None:
    number = chosen()
    _bring_to_the_front(site, number)
    user = site.demo["users"]["agent"]
    agent = visit()
    page = agent.page
    page.fill("input[name=login]", user["username"])
    page.fill("input[name=password]", user["password"])
    page.click("form[action*='login'] button.btn-primary")
    page.wait_for_url("**/desk/")

    # the contact, masked, with why and what to say
    desk = page.locator("#desk")
    expect(desk).to_have_attribute("data-stage", "contact")
    expect(desk).to_contain_text(f"{number[-11:-8]}****{number[-4:]}")
    expect(desk).to_contain_text("明澜家居")
    expect(desk).to_contain_text("按9退订")

    # an unticked check list is said where it stands, and the gate is not asked
    page.wait_for_timeout(700)  # keys wait after the desk has changed
    page.keyboard.press("c")
    expect(page.locator("#unticked")).to_contain_text("请先勾选全部通话前核对事项")

    # with it the call is made; the client presses 9 while talking
    for key in ("t", "t", "t", "c"):
        page.keyboard.press(key)
    expect(desk).to_have_attribute("data-stage", "call")
    expect(page.locator("[data-call-state=answered]")).to_be_visible()
    expect(page.locator(".alert-warning")).to_be_visible()

    # the call ends by itself; its result comes before the next contact
    expect(desk).to_have_attribute("data-stage", "result")
    assert page.is_checked("input[value=opted_out]")
    page.keyboard.press("8")
    page.fill("textarea[name=note]", "证件 110101188002045240")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".alert-danger")).to_contain_text("R1")
    page.fill("textarea[name=note]", "客户按9退订")
    page.keyboard.press("Control+Enter")
    expect(desk).to_have_attribute("data-stage", "contact")
    expect(desk).not_to_contain_text(f"{number[-11:-8]}****{number[-4:]}")

    # from now on the gate says no, to every campaign
    for campaign, line in (("retail-members", "01085550101"), ("parcel-notice", "057185550104")):
        payload = json.loads(
            site.manage("authorize", "--campaign", campaign, "--phone", number, "--line", line, ok=(3,))
        )
        assert "opted_out" in [reason["code"] for reason in payload["reasons"]]
    page.goto("/contacts/")
    page.fill("input[name=number]", number[-11:])
    page.keyboard.press("Enter")
    page.wait_for_url("**/contacts/ct_*/")
    assert number[-11:] not in page.url
    expect(page.locator("[data-gate=refuse]")).to_contain_text("客户已退订")

    assert_masked(agent, numbers)
    # the two refusals of the desk are answers to a form, not errors
    assert [payload for payload in agent.complaints if "422" not in payload] == []


def test_the_compliance_officer_sees_the_opt_out_and_the_decision(
    site: Site, visit: Callable[..., Visit], numbers: list[str]
) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/opt-outs/")
    expect(page.locator("tbody")).to_contain_text("按 9")
    page.goto("/decisions/")
    page.click("tbody a >> nth=0")
    page.wait_for_url("**/decisions/dc_*/")
    expect(page.get_by_text("依据存档事实重新判定，结论一致。")).to_be_visible()
    assert_masked(officer, numbers)
    assert officer.complaints == []


def test_a_dump_of_the_database_holds_no_number(site: Site, numbers: list[str]) -> None:
    """Also files and logs of the whole run."""
    from config.embedded import Services

    binaries = Services(site.home)._bin()
    result = site.database
    dump = subprocess.run(
        [
            str(binaries / "pg_dump"),
            "-h",
            result["host"],
            "-p",
            result["port"],
            "-U",
            result["user"],
            result["dbname"],
        ],
        capture_output=True,
        check=True,
    ).stdout
    assert b"contacts_contact" in dump
    shape = re.compile("|".join(numbers).encode())
    assert shape.search(dump) is None
    names = [
        row.split(",")[1]
        for row in LIST.read_text(encoding="utf-8-sig").splitlines()[1:40]
        if len(row.split(",")[1]) > 2
    ]
    assert names
    assert not any(name.encode() in dump for name in names)
    for path in site.home.rglob("*"):
        if (
            path.is_file()
            and path.suffix in {".log", ".txt", ".aof", ".rdb", ""}
            and "postgres/" not in str(path)
        ):
            found = shape.search(path.read_bytes())
            assert found is None, path
