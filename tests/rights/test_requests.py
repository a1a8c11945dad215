"""Requests of persons: taken in, verified, carried out over every store, certified (R20)."""

import io
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pyzipper
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.translation import override

from apps.audit.models import AccessEvent
from apps.calls.models import Call, Disposition
from apps.contacts.models import Consent, Contact, Purpose
from apps.core.calendar import clock as clock_of_site
from apps.core.checks import ports_are_provided
from apps.core.crypto import encrypted_files, signatures
from apps.core.errors import BadInput, NotAllowed, NotFound, PersonalDataFound, WrongState
from apps.notifications.models import Notice
from apps.optouts.models import OptOut
from apps.optouts.services.coding import CodeRefused
from apps.quality import queries as quality_queries
from apps.quality import services as quality
from apps.quality.models import Complaint, Recording, Transcript
from apps.retention import ledger
from apps.retention import services as retention
from apps.retention.models import Erasure
from apps.retention.services.erasing import ErasureIncomplete
from apps.rights import ports, queries, services
from apps.rights.models import CopyOrder, SubjectRequest
from apps.rights.services.copying import let_copies_lapse
from tests.contacts.importing import run as brought
from tests.http import Api, SecureClient, problem
from tests.optouts.codes import code_in
from tests.quality.sounds import hand_in, wav
from tests.rights.asking import ask, copied, execute, history
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


# -- taken in


def test_a_request_is_due_on_the_fifteenth_working_day_and_its_owner_is_reported(world: World) -> None:
    made = ask(world, actor=world.people["supervisor"])
    assert (made.state, made.due_on, made.is_provisional) == ("open", date(2026, 12, 15), False)
    assert made.owner.role == "compliance"
    assert Notice.objects.filter(recipient=made.owner, code="request_received").exists()


def test_without_proof_of_identity_the_clock_stands(world: World, clock: Any) -> None:
    made = ask(world, verification="", actor=world.people["agent"], channel="agent")
    assert (made.state, made.paused_on) == ("identity", world.today)
    with pytest.raises(WrongState):
        execute(world, made)
    clock.shift(7 * 86_400)
    made = services.verify_identity(actor=world.people["compliance"], request=made, how="回拨登记号码")
    assert (made.state, made.paused_on, made.due_on) == ("open", None, date(2026, 12, 22))
    made = services.pause_request(actor=world.people["compliance"], request=made, why="来电人声称是家属")
    assert made.paused_on == world.today
    assert [event.kind for event in made.events.all()] == ["received", "verified", "paused"]


def test_what_an_agent_hears_is_verified_by_compliance(world: World) -> None:
    assert ask(world, actor=world.people["agent"], channel="agent").state == "identity"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"kind": "forget"}, BadInput),
        ({"channel": "page"}, BadInput),
        ({"phone": "110"}, BadInput),
        ({"text": "我的身份证 110101188002045240"}, PersonalDataFound),
        ({"received_at": "tomorrow"}, BadInput),
        ({"actor": None}, NotAllowed),
    ],
)
def test_what_is_no_request_is_refused_and_not_stored(
    world: World, fields: dict[str, Any], error: type[Exception]
) -> None:
    if "received_at" in fields:
        fields = {"received_at": world.at("10:00") + timedelta(days=1)}
    if fields.get("actor", 1) is None:
        fields = {"actor": world.people["admin"]}
    with pytest.raises(error):
        ask(world, **fields)
    assert not SubjectRequest.objects.exists()


def test_who_sees_which(world: World) -> None:
    made = ask(world, actor=world.people["supervisor"])
    seen = {name: list(queries.requests_of(world.people[name])) == [made] for name in world.people}
    assert {name for name, sees in seen.items() if sees} == {"supervisor", "compliance", "compliance2"}


def test_the_table_does_nothing_for_a_stranger(world: World) -> None:
    made = ask(world, verification="")
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectRequest.objects.filter(pk=made.pk).update(state="open")
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectRequest.objects.filter(pk=made.pk).update(
            state="refused", refusal="x", closed_at=made.received_at
        )


# -- the public page


def test_the_person_asks_by_a_code_to_the_number(world: World, sent: list[tuple[str, str]]) -> None:
    browser, page = SecureClient(), reverse("my_data")
    answer = browser.post(page, {"kind": "delete", "phone": PHONE, "text": "请删除"})
    word = answer.context["word"]
    assert not queries.requests_of(world.people["compliance"]).exists(), "nothing until the code is entered"
    answer = browser.post(page, {"word": word, "code": code_in(sent)})
    made = SubjectRequest.objects.get()
    assert made.public_id in answer.content.decode()
    assert (made.state, made.channel, made.verification, made.recorded_by) == (
        "open",
        "page",
        SubjectRequest.BY_CODE,
        None,
    )
    assert made.verified_how == "发送至该号码的一次性验证码"
    with override("en"):
        assert made.verified_how == "one-time code to the number"
    assert browser.post(page, {"word": word, "code": code_in(sent)}).context["made"] == made, (
        "once more is the same request"
    )
    assert SubjectRequest.objects.count() == 1


def test_the_page_is_silent_about_who_is_known(world: World, sent: list[tuple[str, str]]) -> None:
    pages = []
    for phone in (PHONE, OTHER_PHONE):
        text = SecureClient().post(reverse("my_data"), {"kind": "see", "phone": phone}).content.decode()
        word = text.split('name="word" value="')[1].split('"')[0]
        pages.append(re.sub(r"[A-Za-z0-9]{64}", "", text.replace(word, "")))
        assert phone not in text
    assert pages[0] == pages[1]
    assert [to[-11:] for to, _text in sent] == [PHONE, OTHER_PHONE]


def test_a_wrong_code_opens_nothing_and_codes_are_few(world: World, sent: list[tuple[str, str]]) -> None:
    word = services.ask_by_page(kind="see", phone=PHONE)
    with pytest.raises(CodeRefused):
        services.confirm_by_page(word=word, code="000000" if code_in(sent) != "000000" else "111111")
    with pytest.raises(BadInput):
        services.ask_by_page(kind="see", phone=PHONE)
    assert SubjectRequest.objects.get().state == "unconfirmed"


def test_what_was_not_confirmed_is_forgotten(world: World, sent: list[tuple[str, str]], clock: Any) -> None:
    services.ask_by_page(kind="see", phone=PHONE)
    assert services.drop_unconfirmed() == 0
    clock.shift(25 * 3600)
    assert services.drop_unconfirmed() == 1
    assert not SubjectRequest.objects.exists()


# -- by another system


def test_another_system_hands_requests_in_once(world: World) -> None:
    _client, key = world.api_client("members", "requests")
    payload = {
        "kind": "withdraw",
        "phone": PHONE,
        "reference": "m-17",
        "verification": "signed in",
        "purpose": "membership",
    }
    answers = [Api(key).post("requests", payload) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    made = SubjectRequest.objects.get()
    assert (answers[0].json()["due_on"], made.client and made.client.name, made.purpose) == (
        "2026-12-15",
        "members",
        world.purpose,
    )
    assert Api(key).get(f"requests/{made.public_id}").json()["state"] == "open"
    _other, stranger = world.api_client("other", "requests")
    assert problem(Api(stranger).get(f"requests/{made.public_id}")) == (404, "not_found")


# -- carried out


def test_withdrawing_stops_marketing_at_once(world: World) -> None:
    made = execute(world, ask(world, "withdraw"))
    assert (made.state, made.result["done"], made.phone) == ("done", {"consents": 1}, None)
    assert world.authorize(reserve=False).codes == ["consent_withdrawn"]


def test_correcting_puts_the_right_name(world: World) -> None:
    execute(world, ask(world, "correct", new_name="王晓明"))
    world.contact.refresh_from_db()
    assert str(world.contact.name) == "王*"
    with pytest.raises(BadInput):
        execute(world, ask(world, "correct"))


def test_explaining_needs_the_explanation(world: World) -> None:
    made = ask(world, "explain")
    with pytest.raises(BadInput):
        execute(world, made)
    with pytest.raises(PersonalDataFound):
        execute(world, made, "您的卡号 6222020200112230 我们没有保存")
    assert execute(world, made, "依据您的同意，用于会员续费通知。").state == "done"


def test_a_deletion_is_previewed_and_goes_over_every_store(
    world: World, storage: Path, django_capture_on_commit_callbacks: Any
) -> None:
    history(world)
    made = ask(world)
    expected = {store.code: store.goes for store in services.preview(made) if store.goes}
    assert expected == {
        "contact": 1,
        "consents": 1,
        "calls": 1,
        "notes": 1,
        "recordings": 1,
        "transcripts": 1,
    }
    with django_capture_on_commit_callbacks(execute=True):
        made = execute(world, made)
    made.refresh_from_db()
    assert (made.state, made.result["done"]) == ("done", expected)
    for model in (Contact, Consent, Call, Disposition, Recording, Transcript):
        assert not model.objects.exists(), model
    assert not [path for path in storage.rglob("*") if path.is_file()]
    assert made.phone is None
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(r)::text from rights_subjectrequest r")
        assert PHONE not in cursor.fetchone()[0]


def test_what_stays_is_named_with_its_reason(world: World) -> None:
    world.opt_out()
    made = execute(world, ask(world))
    kept = {(store, why) for store, _count, why in made.result["kept"]}
    assert kept == {
        ("register", "register"),
        ("trail", "trail"),
        ("backups", "backups"),
        ("requests", "papers"),
        ("lists", "lists"),
        ("drafts", "drafts"),
        ("caches", "nothing"),
    }
    assert OptOut.objects.exists()


def test_a_held_call_stays_with_its_sound_and_goes_when_the_hold_ends(world: World) -> None:
    call = history(world)
    compliance = world.people["compliance"]
    hold = retention.place_hold(
        actor=compliance,
        kind="call",
        target_id=call.pk,
        reason="诉讼",
        review_on=world.today + timedelta(days=9),
    )
    made = execute(world, ask(world))
    assert (made.state, made.result["done"]) == ("remainder", {"contact": 1, "consents": 1})
    assert {(store, why) for store, _count, why in made.result["kept"] if why == "hold"} == {
        ("calls", "hold"), ("notes", "hold"), ("recordings", "hold"), ("transcripts", "hold"),
    }  # fmt: skip
    assert Recording.objects.exists()
    assert made.phone, "it is still worked on"
    assert services.finish_remainders() == 0
    retention.end_hold(actor=compliance, hold=hold, reason="已结案")
    assert services.finish_remainders() == 1
    made.refresh_from_db()
    assert (made.state, made.phone) == ("done", None)
    assert made.result["done"] == {
        "contact": 1,
        "consents": 1,
        "calls": 1,
        "notes": 1,
        "recordings": 1,
        "transcripts": 1,
    }
    assert not Call.objects.exists()


def test_who_is_held_and_asked_to_be_deleted_is_not_called_meanwhile(world: World) -> None:
    call = world.authorize().call
    assert call is not None
    retention.place_hold(
        actor=world.people["compliance"],
        kind="contact",
        target_id=world.contact.pk,
        reason="诉讼",
        review_on=world.today + timedelta(days=9),
    )  # fmt: skip
    assert execute(world, ask(world)).state == "remainder"
    assert not Call.objects.filter(pk=call.pk).exists(), "the reservation fell, and was never used"
    assert world.authorize(reserve=False).codes == ["erased_contact"]


def test_the_record_of_a_call_stays_30_days_blocked_from_everything_and_the_rest_goes_at_once(
    world: World, clock: Any
) -> None:
    """R34: recording, numbers, times and evidence of consent."""
    call = history(world, days=0)
    made = execute(world, ask(world))
    assert made.state == "remainder"
    assert {(store, why) for store, _count, why in made.result["kept"] if why == "record"} == {
        ("calls", "record"), ("recordings", "record"), ("consents", "record"), ("contact", "record"),
    }  # fmt: skip
    assert made.result["until"] == (Call.objects.get().reserved_at + timedelta(days=30)).isoformat()
    assert made.result["done"] == {"notes": 1, "transcripts": 1}
    # Nothing of it can be come upon any more.
    assert not Contact.objects.exists()
    assert not Recording.objects.exists()
    assert not quality_queries.recordings_of(world.people["compliance"]).exists()
    assert not Disposition.objects.exists()
    person = Contact.everyone.get()
    assert (person.phone.kind, person.name, person.note, person.tags) == ("phone", None, None, [])
    call.refresh_from_db()
    assert call.contact is None
    assert "erased_contact" in world.authorize(reserve=False).codes
    assert retention.purge().counts == {}
    assert retention.check_consistency() == {}
    with pytest.raises(WrongState):
        quality.take_transcript(
            client=None, call_id=call.pk, raw=[{"start": 0, "end": 3, "speaker": "agent", "text": "您好"}]
        )
    # On its day everything goes, and only then it is certified.
    erasure = Erasure.objects.get()
    assert erasure.done_at is None
    clock.shift(30 * 86_400 + 60)
    assert services.finish_remainders() == 1
    made.refresh_from_db()
    assert (made.state, made.phone) == ("done", None)
    for model in (Contact, Recording):
        assert not model.everyone.exists()
    assert not Call.objects.exists()
    erasure.refresh_from_db()
    assert erasure.done_at is not None


def test_only_the_evidence_of_the_call_s_own_purpose_stays(world: World) -> None:
    history(world, days=0)
    other = Purpose.objects.create(code="renewal", name="续费提醒")
    Consent.objects.create(
        contact=world.contact, purpose=other, channel="web", given_at=world.at("08:00"),
        wording=world.source.wording, evidence="form",
        recorded_by=world.people["compliance"], expires_at=world.at("20:00"),
    )  # fmt: skip
    execute(world, ask(world))
    assert Consent.objects.get().purpose != other


def test_a_recording_that_comes_after_the_deletion_is_kept_blocked(world: World) -> None:
    call = world.connected()
    execute(world, ask(world))
    hand_in(call, wav(5))
    assert not Recording.objects.exists()
    assert Recording.everyone.get().blocked_until == Contact.everyone.get().blocked_until


def test_a_list_does_not_bring_a_blocked_person_back(world: World) -> None:
    history(world, days=0)
    execute(world, ask(world))
    taken = brought(world, f"手机号,姓名\n{PHONE},王小明\n".encode())
    assert taken.counts == {"being_erased": 1}
    assert Contact.everyone.get().name is None


def test_a_recording_held_by_itself_keeps_the_request_open(world: World) -> None:
    history(world)
    hold = retention.place_hold(
        actor=world.people["compliance"], kind="recording", target_id=Recording.objects.get().pk,
        reason="诉讼",
        review_on=world.today + timedelta(days=9),
    )  # fmt: skip
    assert execute(world, ask(world)).state == "remainder"
    assert services.finish_remainders() == 0
    assert Recording.everyone.exists()
    retention.end_hold(actor=world.people["compliance"], hold=hold, reason="已结案")
    assert services.finish_remainders() == 1
    assert not Recording.everyone.exists()


def test_a_copy_that_waits_goes_with_the_person(world: World, sent: list[tuple[str, str]]) -> None:
    copied(world, ask(world, "see"))
    word = sent[-1][1].rstrip("/").rsplit("/", 1)[1]
    execute(world, ask(world))
    with pytest.raises(NotFound):
        services.fetch_copy(word=word)


def test_an_older_order_does_not_overtake_a_newer(world: World, sent: list[tuple[str, str]]) -> None:
    made = ask(world, "see")
    services.ask_copy(actor=world.people["compliance"], request=made, link_to=str)
    copied(world, made)
    services.make_copy(CopyOrder.objects.earliest("pk").job_id)
    assert len(sent) == 1
    assert CopyOrder.objects.earliest("pk").job.state == "refused"


def test_a_restore_does_not_delete_what_came_after_the_erasure(world: World, clock: Any) -> None:
    execute(world, ask(world))
    clock.shift(timedelta(days=40))
    services.finish_remainders()
    complaint = quality.record_complaint(
        actor=world.people["compliance"], channel="telephone", kind="manner", text="又来电", phone=PHONE
    )
    quality.close_complaint(
        actor=world.people["compliance"], complaint=complaint, outcome="justified", remedy="已致歉"
    )
    retention.replay()
    assert Complaint.objects.exists()


@pytest.mark.parametrize("why", ["answer", "incomplete"])
def test_a_deletion_that_is_not_carried_out_stands_in_no_ledger(
    world: World, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """A restore carries out again what the ledger says: a request that is refused afterwards must not be in
    it."""
    history(world)
    made = ask(world)
    if why == "answer":
        with pytest.raises(PersonalDataFound):
            execute(world, made, "您的卡号 6222020200112230 已删除")
    else:
        monkeypatch.setattr("apps.retention.services.erasing.erase_recordings", lambda keys, policy: None)
        with pytest.raises(ErasureIncomplete):
            execute(world, made)
    assert [line.kind for line in ledger.read_ledger() if line.kind in {"erasing", "erased"}] == []
    assert Contact.objects.exists()


def test_one_request_that_fails_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    history(world, days=0)
    execute(world, ask(world))
    later = ask(world)
    execute(world, later)
    seen: list[int] = []

    def fails(request: SubjectRequest) -> str:
        seen.append(request.pk)
        raise ErasureIncomplete(store="calls")

    monkeypatch.setattr("apps.rights.services.executing._delete", fails)
    with pytest.raises(ErasureIncomplete):
        services.finish_remainders()
    assert len(set(seen)) == 2


def test_without_a_room_that_answers_nothing_is_certified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports.erasing, "_provider", None)
    with pytest.raises(ImproperlyConfigured):
        execute(world, ask(world))
    assert SubjectRequest.objects.get().state == "open"
    assert [error.id for error in ports_are_provided(None)] == ["hegui.E003"]


def test_what_is_still_there_after_its_deletion_is_not_certified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(world)
    monkeypatch.setattr("apps.retention.services.erasing.erase_recordings", lambda keys, policy: None)
    with pytest.raises(ErasureIncomplete):
        execute(world, ask(world))
    assert Contact.objects.exists(), "the whole is taken back"
    assert not SubjectRequest.objects.get().certificate


def test_a_file_that_does_not_go_keeps_the_request_open(
    world: World, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(world)
    made = execute(world, ask(world))
    assert ["files", 1, "file_waiting"] in made.result["kept"]
    assert (made.state, made.certificate["document"]["state"]) == ("remainder", "remainder")
    with monkeypatch.context() as away:
        away.setattr(encrypted_files, "delete", lambda name: None)
        assert services.finish_remainders() == 0
    assert services.finish_remainders() == 1
    assert not [path for path in storage.rglob("*") if path.is_file()]


def test_an_open_complaint_stays_until_it_is_closed(world: World) -> None:
    call = history(world)
    complaint = quality.record_complaint(
        actor=world.people["compliance"], channel="telephone", kind="manner", text="语气不好", call=call
    )
    made = execute(world, ask(world))
    assert ["complaints", 1, "complaint_open"] in made.result["kept"]
    quality.close_complaint(
        actor=world.people["compliance"], complaint=complaint, outcome="justified", remedy="已致歉"
    )
    assert services.finish_remainders() == 1
    assert not Complaint.objects.exists()
    assert not Call.objects.exists()


def test_nobody_is_here_and_the_answer_says_so(world: World) -> None:
    made = execute(world, ask(world, phone=OTHER_PHONE))
    assert (made.state, made.result["done"]) == ("done", {})


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_only_compliance_carries_out(world: World, role: str) -> None:
    made = ask(world)
    for act in (
        lambda: services.execute(actor=world.people[role], request=made),
        lambda: services.refuse_request(actor=world.people[role], request=made, why="x"),
        lambda: services.ask_copy(actor=world.people[role], request=made, link_to=str),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert Contact.objects.exists()


def test_a_refusal_says_why(world: World) -> None:
    made = ask(world)
    with pytest.raises(BadInput):
        services.refuse_request(actor=world.people["compliance"], request=made, why=" ")
    made = services.refuse_request(actor=world.people["compliance"], request=made, why="本人否认提出该请求")
    assert (made.state, made.phone, made.certificate["document"]["refusal"]) == (
        "refused",
        None,
        "本人否认提出该请求",
    )
    with pytest.raises(WrongState):
        execute(world, made)


# -- the copy


def test_the_copy_holds_everything_and_opens_by_its_passphrase_alone(
    world: World, sent: list[tuple[str, str]]
) -> None:
    call = history(world)
    made = ask(world, "see")
    with pytest.raises(BadInput):
        execute(world, made)
    made, passphrase = copied(world, made)
    assert passphrase not in sent[-1][1]
    word = sent[-1][1].rstrip("/").rsplit("/", 1)[1]
    browser, page = SecureClient(), reverse("copy", kwargs={"word": word})
    assert browser.get(page).status_code == 200, "looking takes nothing"
    content = b"".join(browser.post(page).streaming_content)
    assert PHONE.encode() not in content
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        assert all(info.flag_bits & 1 for info in archive.infolist())
        archive.setpassword(passphrase.encode())
        assert json.loads(archive.read("contact.json"))["phone"] == f"+86{PHONE}"
        assert len(json.loads(archive.read("consents.json"))) == 1
        assert json.loads(archive.read("calls.json"))[0]["note"] == "想了解续费"
        assert archive.read(f"recording-{call.pk}.wav") == wav(5)
        assert "明澜家居" in archive.read(f"transcript-{call.pk}.json").decode()
        assert set(archive.namelist()) >= {"complaints.json", "register.json"}
    assert browser.post(page).status_code == 404, "once"
    made.refresh_from_db()
    assert made.archive == ""
    assert made.archive_fetched_at is not None
    assert execute(world, made).state == "done"
    kinds = AccessEvent.objects.filter(subject=made.public_id, kind="exported").values_list(
        "field", flat=True
    )
    assert {"contacts.contact.phone", "calls.disposition.note", "quality.transcript.segments"} <= set(kinds)


def test_a_copy_of_a_request_that_was_closed_meanwhile_is_refused(
    world: World, sent: list[tuple[str, str]]
) -> None:
    made = ask(world, "see")
    services.ask_copy(actor=world.people["compliance"], request=made, link_to=str)
    services.refuse_request(actor=world.people["compliance"], request=made, why="重复请求")
    order = CopyOrder.objects.get()
    services.make_copy(order.job_id)
    order.job.refresh_from_db()
    assert (order.job.state, bool(order.job.sentence)) == ("refused", True)
    assert sent == []
    let_copies_lapse()
    order.refresh_from_db()
    assert (order.passphrase, order.link) == (None, None)


def test_what_the_worker_needed_is_encrypted_and_gone_once_the_copy_is_made(
    world: World, sent: list[tuple[str, str]]
) -> None:
    _asked, passphrase = services.ask_copy(
        actor=world.people["compliance"], request=ask(world, "see"), link_to=str
    )
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(o)::text from rights_copyorder o")
        assert passphrase not in cursor.fetchone()[0]
    services.make_copy(CopyOrder.objects.get().job_id)
    order = CopyOrder.objects.get()
    assert (order.passphrase, order.link, order.job.state) == (None, None, "done")


def test_a_copy_that_nobody_fetches_goes(world: World, sent: list[tuple[str, str]], clock: Any) -> None:
    made, _passphrase = copied(world, ask(world, "see"))
    name = made.archive
    assert encrypted_files.exists(name)
    clock.shift(15 * 86_400)
    word = sent[-1][1].rstrip("/").rsplit("/", 1)[1]
    with pytest.raises(NotFound):
        services.fetch_copy(word=word)
    assert let_copies_lapse() == 1
    made.refresh_from_db()
    assert made.archive == ""


# -- certified and watched


def test_the_certificate_is_signed_and_any_change_shows(world: World) -> None:
    history(world)
    made = execute(world, ask(world))
    certificate = json.loads(json.dumps(services.certificate_of(made)))
    assert services.is_genuine(certificate)
    assert certificate["document"]["done"]["calls"] == 1
    assert PHONE not in json.dumps(certificate)
    for change in ({"done": {}}, {"due_on": "2027-01-01"}, {"extra": 1}):
        assert not services.is_genuine({**certificate, "document": {**certificate["document"], **change}})
    other = signatures.signature_of({"something": "else"})
    assert not services.is_genuine({**certificate, "signature": other})
    assert services.as_pdf(made).startswith(b"%PDF")


def test_reminders_at_five_two_and_one_then_escalation(world: World, clock: Any) -> None:
    made = ask(world)
    sent: list[str] = []
    for _day in range(24):
        clock.shift(86_400)
        result = services.watch_deadlines()
        sent += [name for name, count in result.items() if count]
    assert sent == ["reminded"] * 3 + ["escalated"]
    made.refresh_from_db()
    assert made.escalated
    assert Notice.objects.filter(code="request_overdue", recipient=world.people["admin"]).exists()
    assert [event.note for event in made.events.filter(kind="reminded")] == ["5", "2", "1"]


def test_of_a_paused_request_no_day_is_due(world: World, clock: Any) -> None:
    ask(world, verification="")
    clock.shift(40 * 86_400)
    assert services.watch_deadlines() == {
        "recounted": 0, "reminded": 0, "escalated": 0, "unverified": 0,
    }  # fmt: skip


def test_a_day_counted_without_a_calendar_is_counted_anew(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.shift(26 * 86_400)  # 20 December
    made = ask(world)
    assert (made.due_on, made.is_provisional) == (date(2027, 1, 4), True)
    from apps.core.calendar.workdays import Calendar
    from apps.rights.services import watching_deadlines

    monkeypatch.setattr(
        watching_deadlines.policies, "calendar", lambda now: Calendar({2027: {date(2027, 1, 1): "元旦"}})
    )
    assert services.watch_deadlines()["recounted"] == 1
    made.refresh_from_db()
    assert (made.due_on, made.is_provisional) == (date(2027, 1, 11), False)


def test_requests_go_after_a_year(world: World, clock: Any) -> None:
    execute(world, ask(world))
    clock.shift(366 * 86_400)
    retention.purge(pause=0)
    assert not SubjectRequest.objects.exists()


# -- pages


def test_the_officer_works_through_a_request_on_its_page(world: World, browse: Any) -> None:
    history(world)
    made = ask(world, verification="", text="请删除我的信息")
    browser, page = browse("compliance"), reverse("request", kwargs={"pk": made.pk})
    text = browser.get(page).content.decode()
    assert "请删除我的信息" in text
    assert "138****1234" in text
    assert PHONE not in text
    browser.post(reverse("request_step", kwargs={"pk": made.pk}), {"step": "verify", "text": "回拨核实"})
    browser.post(reverse("request_execute", kwargs={"pk": made.pk}), {"answer": "已删除"})
    services.finish_remainders()
    made.refresh_from_db()
    assert made.state == "done"
    for form in ("pdf", "json"):
        assert (
            browser.get(reverse("request_certificate", kwargs={"pk": made.pk, "form": form})).status_code
            == 200
        )


def test_who_owns_a_request_that_nobody_verifies_is_reminded_each_week(world: World, clock: Any) -> None:
    request = ask(world, verification="")
    assert services.watch_deadlines()["unverified"] == 0
    clock.shift(timedelta(days=7))
    assert services.watch_deadlines()["unverified"] == 1
    assert Notice.objects.filter(code="request_unverified", recipient=request.owner, done_at=None).exists()
    services.verify_identity(actor=request.owner, request=request, how="回拨核实")
    assert not Notice.objects.filter(code="request_unverified", done_at=None).exists()


def test_what_we_took_to_record_a_letter_is_not_the_person_s(world: World, clock: Any) -> None:
    received = clock_of_site.now() - timedelta(days=20)
    request = ask(world, verification="", received_at=received)
    due = request.due_on
    verified = services.verify_identity(actor=request.owner, request=request, how="回拨核实")
    assert verified.due_on == due, "the clock stood for no day"
