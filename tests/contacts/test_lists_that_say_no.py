"""Lists that say that somebody refused: no consent is taken from them, and none that is there goes on
(R2, R14)."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.contacts.models import Consent, FormerWord
from apps.contacts.services import note_withdrawal, previewing
from apps.contacts.services.consenting import withdraw_listed
from apps.contacts.services.importing import start_import
from tests.contacts.importing import run
from tests.world import World

PHONE = "13900001111"
GIVEN = "手机号,同意渠道,同意时间"
CONSENT = f"{PHONE},网页,2026-11-16"


def codes(world: World) -> set[str]:
    return set(world.authorize(phone=PHONE, reserve=False).codes)


def listed(world: World, *lines: str) -> Any:
    return run(world, "\n".join(lines).encode(), campaign="spring")


NO = {
    "请勿致电": "是", "免打扰": "是", "黑名单": "是", "不接受营销": "是", "同意状态": "已撤回",
    "授权状态": "未授权",
    "Do Not Contact": "yes", "opted_out": "yes", "是否退订": "1", "拒绝时间": "2026-11-20", "是否同意": "否",
}  # fmt: skip


@pytest.mark.parametrize("heading", NO)
def test_a_column_that_says_no_gives_no_consent(world: World, heading: str) -> None:
    done = listed(world, f"{GIVEN},{heading}", f"{CONSENT},{NO[heading]}")
    assert done.consented == 0
    assert codes(world) & {"no_consent", "consent_withdrawn"}


@pytest.mark.parametrize("word", ["", "否", "no", "0", "正常", "no number", "未退订"])
def test_a_plain_no_below_a_heading_of_refusals_is_none(world: World, word: str) -> None:
    assert listed(world, f"{GIVEN},opted_out", f"{CONSENT},{word}").consented == 1


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("是否退订,撤回时间", "否,2026-11-20"),
        ("是否同意(隐私政策),是否接受营销", "是,否"),
        ("退订,黑名单", ",是"),
    ],
)
def test_of_several_columns_each_is_read(world: World, heading: str, cells: str) -> None:
    assert listed(world, f"{GIVEN},{heading}", f"{CONSENT},{cells}").consented == 0
    assert codes(world) & {"no_consent", "consent_withdrawn"}


@pytest.mark.parametrize("first", ["是", "否"])
def test_a_no_in_any_row_of_a_number_counts(world: World, first: str) -> None:
    other = {"是": "否", "否": "是"}[first]
    done = listed(world, f"{GIVEN},是否退订", f"{CONSENT},{first}", f"{CONSENT},{other}")
    assert done.counts == {"accepted": 1, "duplicate_in_file": 1}
    assert done.consented == 0
    assert codes(world) & {"no_consent", "consent_withdrawn"}


def test_a_list_that_says_no_withdraws_what_was_agreed_to_before(world: World) -> None:
    assert listed(world, GIVEN, CONSENT).consented == 1
    assert codes(world) == set()
    done = listed(world, "手机号,是否退订,退订时间", f"{PHONE},是,2026-11-20")
    assert done.consented == 0, "it is not counted as known to have consented"
    assert codes(world) == {"consent_withdrawn"}
    assert (
        "list.csv" in Consent.objects.get(contact__phone__isnull=False, withdrawn_at__isnull=False).withdrawal
    )
    listed(world, GIVEN, CONSENT)
    assert codes(world) == {"consent_withdrawn"}, "an older list brings nothing back"


def test_a_try_after_the_first_ends_nothing_that_was_agreed_to_since(world: World) -> None:
    index, began = bytes(world.contact.number_index), world.at("10:00")
    note_withdrawal(index, purpose=world.purpose, at=began + timedelta(minutes=5))
    later = world.consent(world.contact, given_at=began + timedelta(hours=1))
    withdraw_listed([index], [world.purpose], at=began, how="名单")
    later.refresh_from_db()
    assert later.withdrawn_at is None
    assert FormerWord.objects.get().at == began + timedelta(minutes=5), "a later word stays the later one"


def test_a_row_that_is_refused_says_no_all_the_same(world: World) -> None:
    listed(world, GIVEN, CONSENT)
    listed(world, "手机号,是否退订,备注", f"{PHONE},是,110101199003074610")
    assert codes(world) == {"consent_withdrawn"}


def test_an_empty_answer_or_an_end_of_validity_withdraws_nothing(world: World) -> None:
    listed(world, GIVEN, CONSENT)
    listed(world, "手机号,是否同意", f"{PHONE},")
    listed(world, "手机号,授权失效时间", f"{PHONE},2027-11-16")
    listed(world, "手机号,请勿拨打时间段", f"{PHONE},12:00-14:00")
    assert codes(world) == set()


def test_the_preview_counts_the_same(world: World) -> None:
    listed(world, GIVEN, CONSENT)
    lines = (f"{GIVEN},是否退订", f"{CONSENT},否", f"{CONSENT},是", "13900002222,网页,2026-11-16,否")
    started = start_import(
        actor=world.people["supervisor"], source=world.source, file_name="a.csv",
        file=io.BytesIO("\n".join(lines).encode()),
    )  # fmt: skip
    found = previewing.forecast(started, started.mapping, leave_hidden=False)
    assert (found.without_consent, found.known_with_consent, found.refused) == (1, 0, 1)


def test_the_preview_says_what_will_be_withdrawn_and_what_is_read(world: World, browse: Any) -> None:
    started = start_import(
        actor=world.people["supervisor"], source=world.source, file_name="a.csv",
        file=io.BytesIO(f"手机号,是否退订,黑名单\n{PHONE},,是\n".encode()),
    )  # fmt: skip
    page = browse("supervisor").post(
        reverse("import_forecast", kwargs={"pk": started.pk}), {"phone": "0", "refusal": "1"}
    )
    assert "黑名单" in page.content.decode()
    assert "此前的同意将被撤回" in page.content.decode()
