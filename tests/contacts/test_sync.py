"""Contacts in step with a CRM: idempotent, by its own ids, refused when what was read has changed, deletions
at once."""

from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import IntegrityError

from apps.accounts.models import ApiClient
from apps.campaigns.models import QueueEntry
from apps.contacts import services
from apps.contacts.models import Consent, Contact, DataSource, ExternalRef
from apps.contacts.services import flag_minor, syncing
from apps.contacts.services.syncing import ContactRecord
from apps.retention.services import purging
from apps.retention.storage_classes import erase_contacts
from tests.http import Api, problem
from tests.world import OTHER_PHONE, PHONE, World

CONSENT = {
    "purpose": "membership",
    "channel": "web",
    "given_at": "2026-11-01T10:00:00+08:00",
    "evidence": "crm:consent/1",
}
RECORD = {
    "phone": OTHER_PHONE,
    "source": "members",
    "name": "李华",
    "tags": ["老客户"],
    "note": "下午联系",
    "consents": [CONSENT],
}


@pytest.fixture
def crm(world: World) -> Api:
    client, key = world.api_client("crm", "contacts")
    world.campaign.clients.add(client)
    return Api(key)


def test_a_contact_comes_in_and_may_be_called(world: World, crm: Api) -> None:
    answer = crm.send("put", "contacts/crm-1", {**RECORD, "list": "spring"})
    assert answer.status_code == 201
    payload = answer.json()
    assert (payload["phone"], payload["name"], payload["state"], payload["tags"]) == (
        "139****5678",
        "李*",
        "kept",
        ["老客户"],
    )
    assert answer.headers["ETag"] == payload["etag"]
    assert world.authorize(phone=OTHER_PHONE, reserve=False).allowed
    assert QueueEntry.objects.filter(
        contact__external_refs__external_id="crm-1", campaign=world.campaign
    ).exists()
    given = Consent.objects.get(contact__external_refs__external_id="crm-1")
    assert (given.client and given.client.name, given.recorded_by, given.evidence) == (
        "crm",
        None,
        "crm:consent/1",
    )


def test_the_same_again_changes_nothing(crm: Api) -> None:
    first = crm.send("put", "contacts/crm-1", RECORD)
    again = crm.send("put", "contacts/crm-1", RECORD)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["ETag"] == first.headers["ETag"]
    results = crm.post("contacts", {"items": [{**RECORD, "external_id": "crm-1"}]}).json()["results"]
    assert [each["status"] for each in results] == ["unchanged"]
    assert Consent.objects.filter(contact__external_refs__external_id="crm-1").count() == 1


def test_put_replaces_and_patch_changes_what_is_reported(crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    patched = crm.send("patch", "contacts/crm-1", {"tags": ["新客户"]}).json()
    assert (patched["name"], patched["tags"]) == ("李*", ["新客户"])
    put = crm.send("put", "contacts/crm-1", {"phone": OTHER_PHONE, "source": "members"}).json()
    assert (put["name"], put["tags"], len(put["consents"])) == ("", [], 1)


def test_what_has_changed_since_it_was_read_is_not_overwritten(world: World, crm: Api) -> None:
    assert problem(crm.send("put", "contacts/crm-1", RECORD, **{"If-Match": "*"})) == (
        412,
        "precondition_failed",
    ), "it is not there"
    etag = crm.send("put", "contacts/crm-1", RECORD).headers["ETag"]
    assert crm.send("put", "contacts/crm-1", RECORD, **{"If-Match": "*"}).status_code == 200
    contact = Contact.objects.get(external_refs__external_id="crm-1")
    services.flag_minor(actor=world.people["agent"], contact=contact, reason="自称十五岁")
    for method, body in (("put", RECORD), ("patch", {"note": "x"}), ("delete", None)):
        answer = crm.send(method, "contacts/crm-1", body, **{"If-Match": etag})
        assert problem(answer) == (412, "precondition_failed")
    fresh = crm.get("contacts/crm-1").headers["ETag"]
    assert crm.send("patch", "contacts/crm-1", {"note": "x"}, **{"If-Match": fresh}).status_code == 200
    weak = f"W/{crm.get('contacts/crm-1').headers['ETag'].removeprefix('W/')}"
    taken = crm.send("patch", "contacts/crm-1", {"note": "z"}, **{"If-Match": weak})
    assert taken.status_code == 200, "a proxy that packs answers weakens it"
    assert problem(crm.send("patch", "contacts/crm-1", {"note": "y"}, **{"If-Match": "W/abc"}))[0] == 422


@pytest.mark.parametrize("external_id", ["客户-12", "Ünïcode.7", "a/b:c@d", "клиент_9", "7"])
def test_an_id_of_another_system_may_hold_any_letter(crm: Api, external_id: str) -> None:
    assert crm.send("put", f"contacts/{quote(external_id)}", RECORD).status_code == 201
    assert crm.get(f"contacts/{quote(external_id)}").json()["external_id"] == external_id
    assert crm.send("delete", f"contacts/{quote(external_id)}").status_code in {200, 202, 204}


@pytest.mark.parametrize("external_id", ["客户 12", "a\tb", "x" * 65, "-a"])
def test_what_no_id_may_hold_is_said(crm: Api, external_id: str) -> None:
    answer = crm.send("put", f"contacts/{quote(external_id)}", RECORD)
    assert problem(answer)[0] == 422
    assert "letters or digits" in answer.content.decode() or "字母" in answer.json()["detail"]


def test_ids_are_each_system_s_own(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    _client, key = world.api_client("erp", "contacts")
    erp = Api(key)
    assert problem(erp.get("contacts/crm-1")) == (404, "not_found")
    assert problem(erp.send("delete", "contacts/crm-1"))[0] == 404
    assert erp.send("put", "contacts/crm-1", {**RECORD, "phone": "13700001111"}).status_code == 201
    assert crm.get("contacts/crm-1").json()["phone"] == "139****5678"


def test_a_number_is_one_contact(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", {**RECORD, "phone": PHONE})
    assert ExternalRef.objects.get(external_id="crm-1").contact == world.contact
    assert problem(crm.send("put", "contacts/crm-2", {**RECORD, "phone": PHONE})) == (409, "number_taken")
    assert not ExternalRef.objects.filter(external_id="crm-2").exists()


def test_a_changed_number_takes_the_id_with_it_and_the_old_one_goes(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    old = Contact.objects.get(external_refs__external_id="crm-1")
    assert crm.send("patch", "contacts/crm-1", {"phone": "13700001111"}).json()["phone"] == "137****1111"
    old.refresh_from_db()
    assert old.erasing_at is not None
    purging.purge(pause=0)
    assert not Contact.objects.filter(pk=old.pk).exists()
    assert Contact.objects.get(external_refs__external_id="crm-1").phone


def test_a_deletion_stops_calling_at_once_and_erases(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", {**RECORD, "list": "spring"})
    call = world.authorize(phone=OTHER_PHONE).call
    assert call is not None
    for _again in range(2):
        answer = crm.send("delete", "contacts/crm-1")
        assert (answer.status_code, answer.json()["state"]) == (202, "erasing")
    call.refresh_from_db()
    assert call.state == "withdrawn"
    assert "erased_contact" in world.authorize(phone=OTHER_PHONE, reserve=False).codes
    assert problem(crm.send("put", "contacts/crm-1", RECORD)) == (409, "being_erased")
    purging.purge(pause=0)
    assert problem(crm.get("contacts/crm-1")) == (404, "not_found")
    assert crm.send("put", "contacts/crm-1", RECORD).status_code == 201


def test_a_withdrawal_takes_effect_at_once(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    assert crm.post(
        "contacts/crm-1/withdrawals", {"purpose": "membership", "how": "会员中心关闭"}
    ).json() == {"withdrawn": 1, "ignored": []}
    assert world.authorize(phone=OTHER_PHONE, reserve=False).codes == ["consent_withdrawn"]
    assert crm.post("contacts/crm-1/withdrawals", {"how": "会员中心关闭"}).json() == {
        "withdrawn": 0,
        "ignored": [],
    }


def test_many_at_once_have_a_result_each(world: World, crm: Api) -> None:
    items = [
        {**RECORD, "phone": f"1370000{number:04}", "external_id": f"crm-{number}"} for number in range(40)
    ]
    items[3]["phone"], items[4]["source"] = "12345", "nobody"
    items[5]["note"], items[6]["consents"] = "110101188002045240", [{**CONSENT, "purpose": "loans"}]
    items[7]["list"] = "foreign"
    results = crm.post("contacts", {"items": items}).json()["results"]
    refused = {each["external_id"]: each["code"] for each in results if each["status"] == "refused"}
    assert refused == {
        "crm-3": "phone_invalid", "crm-4": "bad_input", "crm-5": "personal_data_found", "crm-6": "bad_input",
        "crm-7": "not_found",
    }  # fmt: skip
    assert sum(each["status"] == "created" for each in results) == 35 == ExternalRef.objects.count()
    assert Contact.objects.count() == 35 + 1, "what was refused left nothing"
    assert "110101188002045240" not in str(results)


def bulk(crm: Api, items: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [
        (each["status"], each["code"]) for each in crm.post("contacts", {"items": items}).json()["results"]
    ]


def people(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        {**RECORD, "phone": f"1370000{number:04}", "external_id": f"crm-{number}", **fields}
        for number in range(count)
    ]


def test_what_is_refused_in_a_bulk_is_not_remembered_by_what_comes_after_it(crm: Api) -> None:
    crm.send("put", "contacts/crm-1", {**RECORD, "phone": "13700000001", "consents": []})
    over = {**CONSENT, "purpose": "loans"}
    # refused once the contact, its id and its first consent are written
    one = people(2, consents=[CONSENT, over])
    two = people(2)
    assert bulk(crm, [*one, *two, *two]) == [
        *[("refused", "bad_input")] * 2, ("created", None), ("updated", None), *[("unchanged", None)] * 2,
    ]  # fmt: skip
    assert Consent.objects.filter(contact__external_refs__client__name="crm").count() == 2


def test_a_bulk_may_name_a_contact_twice(crm: Api) -> None:
    first, other = people(1)[0], {**people(1)[0], "external_id": "crm-9"}
    moved = {**first, "phone": "13700000077"}
    assert bulk(crm, [first, other, moved, {**other, "phone": "13700000077"}, moved]) == [
        ("created", None), ("refused", "number_taken"), ("updated", None), ("refused", "number_taken"),
        ("unchanged", None),
    ]  # fmt: skip
    assert bulk(crm, [other]) == [("refused", "being_erased")], "nobody named the old number any more"


def test_a_number_that_moves_to_a_contact_that_says_the_same_is_a_change(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    _client, key = world.api_client("erp", "contacts")
    Api(key).send("put", "contacts/erp-1", {**RECORD, "phone": "13700000001"})
    assert bulk(crm, [{**RECORD, "phone": "13700000001", "external_id": "crm-1"}]) == [("updated", None)]


def test_a_consent_that_is_over_by_now_does_not_hold_up_what_is_sent_again(crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    DataSource.objects.filter(code="members").update(consent_days=10)  # and it was given three weeks ago
    assert bulk(crm, [{**RECORD, "external_id": "crm-1", "tags": []}]) == [("updated", None)]


def test_what_a_bulk_asks_the_database_does_not_grow_with_what_is_the_same(
    crm: Api, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "TOGETHER", 20)
    with django_assert_max_num_queries(17 * 40 + 2 * 20 + 10):  # and what is remembered of the whole list
        assert {status for status, _code in bulk(crm, people(40, list="spring"))} == {"created"}
    # a savepoint for each, and what is read for twenty at once
    with django_assert_max_num_queries(2 * 40 + 2 * 20):
        assert {status for status, _code in bulk(crm, people(40, list="spring"))} == {"unchanged"}
    with django_assert_max_num_queries(10):
        assert len(crm.get("contacts?limit=40").json()["contacts"]) == 40


def test_who_meets_another_with_the_same_numbers_tries_again(
    crm: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[str] = []
    put = syncing._put

    def meets(known: Any, external_id: str, *args: Any, **options: Any) -> Any:
        done = put(known, external_id, *args, **options)
        if external_id == "crm-1" and len(met) < 2:
            met.append(external_id)
            raise IntegrityError from psycopg.errors.UniqueViolation()
        return done

    monkeypatch.setattr(syncing, "_put", meets)
    assert bulk(crm, people(3, list="spring")) == [("created", None)] * 3
    assert (len(met), ExternalRef.objects.count()) == (2, 3)
    met.clear()
    monkeypatch.setattr(syncing, "TRIES", 2)
    with pytest.raises(IntegrityError):
        syncing.put_contact(
            client=ApiClient.objects.get(name="crm"),
            external_id="crm-1",
            payload=ContactRecord(tags=("x",)),
            partial=True,
        )
    assert Contact.objects.get(external_refs__external_id="crm-1").tags == RECORD["tags"]


def test_pages_go_on_where_the_last_one_ended(crm: Api) -> None:
    crm.post(
        "contacts",
        {
            "items": [
                {**RECORD, "phone": f"1370000{number:04}", "external_id": f"crm-{number}"}
                for number in range(25)
            ]
        },
    )
    seen: list[str] = []
    after, has_more = 0, True
    while has_more:
        page = crm.get(f"contacts?after={after}&limit=10").json()
        seen += [each["external_id"] for each in page["contacts"]]
        after, has_more = page["after"], page["has_more"]
    assert seen == [f"crm-{number}" for number in range(25)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**RECORD, "phone": "110"}, "phone_invalid"),
        ({**RECORD, "name": "王 6222020200112230"}, "personal_data_found"),
        ({**RECORD, "tags": ["１１０１０１１８８００２０４５２４０"]}, "personal_data_found"),
        ({**RECORD, "tags": ["x" * 41]}, "bad_input"),
        ({**RECORD, "email": "a@example.invalid"}, "bad_input"),
        ({**RECORD, "consents": [{**CONSENT, "given_at": "2027-01-01T00:00:00+08:00"}]}, "bad_input"),
        ({**RECORD, "consents": [{**CONSENT, "wording_version": "9"}]}, "bad_input"),
        ({"source": "members"}, "bad_input"),
    ],
)
def test_what_may_not_come_in_is_refused_and_nothing_is_stored(
    world: World, crm: Api, body: dict[str, Any], code: str
) -> None:
    answer = crm.send("put", "contacts/crm-1", body)
    assert problem(answer) == (422, code)
    assert list(Contact.objects.all()) == [world.contact]
    assert not ExternalRef.objects.exists()


def test_a_source_that_is_withdrawn_brings_nothing_in(world: World, crm: Api) -> None:
    services.withdraw_source(actor=world.people["compliance"], source=world.source)
    assert problem(crm.send("put", "contacts/crm-1", RECORD)) == (422, "bad_input")


def test_a_state_is_reported_by_everything_that_may_be_said(world: World) -> None:
    seen = {syncing.etag_of(world.contact)}
    values: Any = world.contact
    for name, value in (("name", "王大明"), ("note", "x"), ("tags", ["a"]), ("is_minor", True)):
        setattr(values, name, value)
        values.save()
        seen.add(syncing.etag_of(Contact.objects.get(pk=world.contact.pk)))
    services.withdraw_consents(contact=world.contact, how="来信")
    seen.add(syncing.etag_of(world.contact))
    assert len(seen) == 6


def test_a_contact_is_made_only_where_there_is_none_of_the_id(crm: Api) -> None:
    assert crm.send("put", "contacts/crm-1", RECORD, **{"If-None-Match": "*"}).status_code == 201
    again = crm.send("put", "contacts/crm-1", {**RECORD, "name": "别人"}, **{"If-None-Match": "*"})
    assert again.status_code == 412
    assert crm.send("get", "contacts/crm-1").json()["name"] != "别人"


def test_one_of_several_etags_is_enough_and_an_unknown_one_is_another_state(crm: Api) -> None:
    etag = crm.send("put", "contacts/crm-1", RECORD)["ETag"]
    assert crm.send("patch", "contacts/crm-1", {"note": "y"}, **{"If-Match": '"zz"'}).status_code == 412
    several = {"If-Match": f'"zz", {etag}'}
    assert crm.send("patch", "contacts/crm-1", {"note": "x"}, **several).status_code == 200


def test_an_item_without_the_form_of_a_contact_is_refused_by_itself(crm: Api) -> None:
    items = [{**RECORD, "external_id": "crm-1"}, {"external_id": "crm-2", "phone": None}, 7,
             {**RECORD, "external_id": "a b", "phone": "13700001115"}]  # fmt: skip
    results = crm.send("post", "contacts", {"items": items}).json()["results"]
    assert [each["status"] for each in results] == ["created", "refused", "refused", "refused"]
    assert [each["external_id"] for each in results] == ["crm-1", "crm-2", "", ""]
    assert all(each["detail"] for each in results[1:])


def test_who_withdrew_and_is_under_age_is_so_under_another_number_too(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    crm.send("post", "contacts/crm-1/withdrawals", {"how": "电话"})
    flag_minor(
        actor=world.people["agent"],
        contact=ExternalRef.objects.get(external_id="crm-1").contact,
        reason="自称十五岁",
    )
    crm.send("put", "contacts/crm-1", {**RECORD, "phone": "13700001777"})
    assert set(world.authorize(phone="13700001777", reserve=False).codes) == {"consent_withdrawn", "minor"}


def test_a_minor_who_stands_twice_in_a_bulk_stays_one(world: World, crm: Api) -> None:
    crm.send("put", "contacts/crm-1", RECORD)
    contact = ExternalRef.objects.get(external_id="crm-1").contact
    flag_minor(actor=world.people["agent"], contact=contact, reason="自称十五岁")
    erase_contacts([contact.pk])
    again = {**RECORD, "external_id": "crm-1"}
    crm.send("post", "contacts", {"items": [again, {**again, "name": "王大明"}]})
    assert "minor" in world.authorize(phone=OTHER_PHONE, reserve=False).codes
