"""No number of a person stands in an ordinary column, by whatever door it comes (R1)."""

from typing import Any

import pytest
from django.apps import apps as django_apps
from django.core.checks import run_checks
from django.db import connection, models
from django.test.utils import isolate_apps

from apps.calls.models import Decision, SpoofingEvent, Ticket
from apps.campaigns.models import Campaign
from apps.contacts import rules
from apps.core import checks
from apps.core.errors import PersonalDataFound
from apps.core.privacy import fields, forbidden_numbers, free_text, phones
from apps.core.privacy.fields import GuardedCharField
from apps.optouts.models import OptOut
from apps.optouts.services import record_opt_out
from apps.scripts.models import Script
from tests.world import World

ROUNDED, OLD = "110101199003072000", "110101900307123"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ROUNDED, "resident_id_found"),
        ("1.10101199003072E+17", "resident_id_found"),
        ("1.10101199003072e17", "resident_id_found"),
        (OLD, "resident_id_found"),
        ("1101019003 07123", "resident_id_found"),
        ("１１０１０１\u200b199003072000", "resident_id_found"),
        ("6222021234567890000", "bank_card_found"),
        ("6.22202123456789E+18", "bank_card_found"),
        ("110101199003072017", "resident_id_found"),
        ("1.10101199E+17", "resident_id_found"),
        ("1,10101199003072E+17", "resident_id_found"),
        ("110101.199003072E+12", "resident_id_found"),
        ("110101   19900307   2017", "resident_id_found"),
        ("110101 - 19900307 - 2017", "resident_id_found"),
        ("110101（19900307）2017", "resident_id_found"),
        ("110101*19900307*2017", "resident_id_found"),
        ("110101199\r\n\r\n003072017", "resident_id_found"),
        ("110101%2019900307%202017", "resident_id_found"),
        ("一一零一零一一九九零零三零七二零一七", "resident_id_found"),
        ("幺幺〇幺〇幺幺九九〇〇三〇七二〇幺七", "resident_id_found"),
        ("壹壹零壹零壹壹玖玖零零叁零柒贰零壹柒", "resident_id_found"),
        ("❶❶⓿❶⓿❶❶❾❾⓿⓿❸⓿❼❷⓿❶❼", "resident_id_found"),
        ("1\u31641\u28000101199003072017", "resident_id_found"),
        ("11010119900307203×", None),  # its check character is another
        ("11010119900307201713800001234", "resident_id_found"),
        ("六二二八四八零零一二三四五六七一", "bank_card_found"),
        ("352099001761481", None),  # an IMEI
        ("367a9ff2-f186-4330-9339-6a247d0a153d", None),
        ("2026-11-30T14:28:30.123456+08:00", None),
        ("1、2、3、4、5、6、7、8、9、10、11、12、13", None),
        ("202607161000123", None),
        ("1234567890123000", None),
        ("110101909907123", None),  # no such day
        ("1.5E+10", None),
    ],
)
def test_numbers_that_a_spreadsheet_rounded_and_old_ids(text: str, found: str | None) -> None:
    assert forbidden_numbers.find(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "回电 13800001234 找他爱人",
        "138.0000.1234",
        "138\u200b0000 1234",
        "１３８００００１２３４",
        "幺三八零零零零一二三四",
        "+86 138-0000-1234",
        "1.3800001234E+10",
        "1 3 8 0 0 0 0 1 2 3 4",
        "138。0000。1234",
    ],
)
def test_a_phone_in_a_text_is_found_and_blotted(text: str) -> None:
    assert free_text.has_number(text)
    assert not free_text.has_number(free_text.blotted(text))


@pytest.mark.parametrize(
    "text", ["订单13800001234567", "详询4008001234", "2026-07-16 13:50 13800", "第一二三四五六七八九十一条"]
)
def test_other_numbers_are_not(text: str) -> None:
    assert not phones.find_in(text)


@pytest.mark.parametrize("number", ["13800001234", ROUNDED])
def test_the_table_s_door_refuses_it_and_repeats_no_number(world: World, number: str) -> None:
    script = Script(code="x", name=f"回电 {number}", kind="marketing", trade="retail")
    with pytest.raises(PersonalDataFound) as refused:
        script.save()
    assert number not in str(refused.value)
    with pytest.raises(PersonalDataFound):
        Script.objects.bulk_create([script])
    with pytest.raises(PersonalDataFound):
        Campaign.objects.update(name=f"给 {number}")
    with pytest.raises(PersonalDataFound):
        Campaign.objects.update(checklist=["核对", f"打 {number}"])
    assert Ticket._meta.get_field("subject").__class__ is GuardedCharField


def test_a_tag_that_holds_a_phone_is_none() -> None:
    assert rules.tags_of("老客户；13800001234；VIP") == (("老客户", "VIP"), False)


def test_a_refusal_is_not_lost_for_a_number_in_its_evidence(world: World) -> None:
    entry = record_opt_out(
        phone="+8613800001234", channel=OptOut.Channel.COMPLAINT, evidence="来信 13800001234"
    )
    assert "13800001234" not in entry.evidence


def test_ids_of_programs_are_kept_as_hashes_where_they_hold_a_number() -> None:
    assert free_text.without_number("gw-17") == "gw-17"
    first = free_text.without_number("sms-13800001234-1")
    assert "13800001234" not in first
    assert first == free_text.without_number("sms-13800001234-1")


def test_every_column_of_ours_is_guarded_protected_or_filled_by_us() -> None:
    assert [found for found in run_checks() if found.id == "hegui.E002"] == []


@isolate_apps("apps.core")
def test_the_check_names_a_column_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Letter(models.Model):
        NOT_TYPED = ("kind",)
        kind = models.CharField(max_length=10)
        subject = models.CharField(max_length=10)

        class Meta:
            app_label = "core"

    Letter.__module__ = "apps.core.database.base_models"
    fake: Any = type("Apps", (), {"get_models": staticmethod(lambda: [Letter])})
    monkeypatch.setattr(checks, "apps", fake)
    (found,) = checks.typed_text_is_guarded(None)
    assert "subject" in found.msg


@pytest.mark.parametrize(
    "identifier",
    [
        "367a9ff2-f186-4330-9339-6a247d0a153d",
        "af1864330933913800001234bcdef012",
        f"{15:x}" * 21 + "13800001234",
    ],
)
def test_an_id_that_a_machine_made_holds_no_number(identifier: str) -> None:
    assert not free_text.has_number(identifier)


def test_what_hides_in_spoken_numerals_is_blotted_once() -> None:
    assert forbidden_numbers.without(
        "卡号六二二八四八零零一二三四五六七一，身份证110101 - 19900307 - 2017"
    ) == ("卡号▇▇▇,身份证▇▇▇", 2)


GUARDED = [
    (model, field)
    for model in django_apps.get_models()
    for field in model._meta.local_fields
    if isinstance(field, fields._GuardsNumbers)
]


@pytest.mark.parametrize(
    ("model", "field"), GUARDED, ids=lambda each: getattr(each, "name", getattr(each, "__name__", ""))
)
def test_every_guarded_column_refuses_a_number(model: type[models.Model], field: Any) -> None:
    value: Any = "x 110101199003072017"
    if isinstance(field, models.JSONField):
        value = {"terms": [{"name": value}]}
    elif isinstance(field, fields.GuardedArrayField):
        value = [value]
    with pytest.raises(PersonalDataFound):
        field.get_db_prep_save(value, connection)


def test_codes_addresses_rules_and_cards_are_among_them() -> None:
    names = {f"{model._meta.label_lower}.{field.name}" for model, field in GUARDED}
    assert names >= {
        "scripts.script.code", "scripts.ruleversion.code", "scripts.ruleversion.rule",
        "campaigns.campaign.code", "contacts.purpose.code",
        "contacts.datasource.code", "quality.scorecard.code", "quality.scorecardversion.items",
        "webhooks.endpoint.url",
        "policies.calendaryear.holidays",
    }  # fmt: skip


def test_a_line_that_a_program_asks_for_keeps_no_id(world: World) -> None:
    answer = world.authorize(line="110101199003072017")
    assert not answer.allowed
    assert "1990" not in Decision.objects.latest("pk").line_asked
    assert not SpoofingEvent.objects.filter(line_asked__contains="1990").exists()
