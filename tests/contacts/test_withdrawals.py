"""A withdrawal is for good until the person agrees again (R2): no old list, no other system and no colleague
brings a consent back."""

from datetime import timedelta
from typing import Any

import pytest

from apps.contacts import services
from apps.contacts.models import Consent
from apps.contacts.services.importing import import_now
from apps.core.calendar import clock
from apps.core.errors import BadInput
from tests.http import Api
from tests.world import PHONE, World


def imported(world: World, *, days_ago: int) -> Any:
    at = (clock.now() - timedelta(days=days_ago)).strftime("%Y-%m-%d %H:%M:%S")
    lines = f"phone,consent_channel,consent_time\n{PHONE},web,{at}\n"
    return import_now(
        actor=world.people["supervisor"],
        source=world.source,
        file_name=f"{days_ago}.csv",
        file=lines.encode(),
    )


def codes(world: World) -> list[str]:
    return world.authorize(reserve=False).codes


def test_an_old_list_brings_no_consent_back_and_the_report_counts_them(world: World) -> None:
    services.withdraw_consents(contact=world.contact, how="来电撤回")
    done = imported(world, days_ago=40)
    assert (done.consented, done.withdrawn) == (0, 1)
    assert codes(world) == ["consent_withdrawn"]
    assert Consent.objects.count() == 2, "what the list brought is kept, with its withdrawal"


def test_a_list_of_afterwards_brings_a_new_one(world: World, clock: Any) -> None:
    services.withdraw_consents(contact=world.contact, how="来电撤回")
    clock.shift(timedelta(days=2))
    done = imported(world, days_ago=1)
    assert (done.consented, done.withdrawn) == (1, 0)
    assert codes(world) == []


def test_another_time_of_the_same_consent_brings_none_back(world: World) -> None:
    _client, key = world.api_client("crm", "contacts")
    crm = Api(key)

    def put(second: int) -> Any:
        at = (clock.now() - timedelta(days=20)).replace(second=second, microsecond=0).isoformat()
        consent = {"purpose": "membership", "channel": "web", "given_at": at, "evidence": "form 1"}
        return crm.send("put", "contacts/crm-1", {"phone": PHONE, "source": "members", "consents": [consent]})

    assert put(1).status_code in {200, 201}
    assert crm.post("contacts/crm-1/withdrawals", {"how": "会员中心"}).json()["withdrawn"] == 2
    answer = put(2)
    assert answer.status_code == 200
    assert all(each["withdrawn_at"] for each in answer.json()["consents"])
    assert codes(world) == ["consent_withdrawn"]


def test_a_colleague_is_given_the_reason(world: World) -> None:
    services.withdraw_consents(contact=world.contact, how="来电撤回")
    with pytest.raises(BadInput, match="撤回"):
        services.record_consent(
            contact=world.contact, purpose=world.purpose, channel="paper",
            given_at=clock.now() - timedelta(days=40), reference="合同 7",
            actor=world.people["supervisor"],
        )  # fmt: skip


def test_withdrawing_one_consent_withdraws_the_others_for_the_same_purpose(world: World) -> None:
    older = world.consent(world.contact, given_at=clock.now() - timedelta(days=9))
    services.withdraw_consent(actor=world.people["agent"], consent=older, how="来电撤回")
    assert codes(world) == ["consent_withdrawn"]
    assert not Consent.objects.filter(withdrawn_at__isnull=True).exists()


def test_a_list_that_was_taken_back_is_no_word_of_the_person(world: World) -> None:
    done = imported(world, days_ago=5)
    services.take_back(actor=world.people["supervisor"], contact_import=done)
    assert codes(world) == []
    assert imported(world, days_ago=6).withdrawn == 0


def test_a_person_s_word_is_one_whatever_it_says(world: World) -> None:
    services.withdraw_consents(contact=world.contact, how="import taken back")
    assert imported(world, days_ago=40).withdrawn == 1
    assert codes(world) == ["consent_withdrawn"]


@pytest.mark.parametrize(
    ("body", "ignored"),
    [
        ({}, []),
        ("", []),
        ({"how": None}, []),
        ({"how": "客户13800001234来电撤回"}, []),
        ({"how": "来电", "reason": "x", "operator": 7}, ["operator"]),
        ({"how": "来电", "purpose": None}, []),
        ({"how": "来电", "purpose": "MEMBERSHIP"}, []),
        ({"how": "来电", "purpose": "所有"}, ["purpose"]),
        ({"how": ["来电", 17], "purpose": {"code": "membership"}}, ["purpose"]),
        ({"how": "长" * 5_000}, []),
        ([{"how": "来电"}], []),
    ],
)
def test_no_withdrawal_is_lost_for_its_form(world: World, body: Any, ignored: list[str]) -> None:
    _client, key = world.api_client("crm", "contacts")
    crm = Api(key)
    crm.send("put", "contacts/crm-1", {"phone": PHONE, "source": "members"})
    answer = crm.post("contacts/crm-1/withdrawals", body)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"withdrawn": 1, "ignored": ignored}
    assert codes(world) == ["consent_withdrawn"]
    assert PHONE not in Consent.objects.get().withdrawal
