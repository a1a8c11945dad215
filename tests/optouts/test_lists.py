"""Lists in and out: into the register once, held against it without telling who is on it one by one; the feed
without a gap."""

import csv
import gzip
import hashlib
import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils.translation import override

from apps.audit.models import AccessEvent
from apps.core.documents.spreadsheets import FileRefused
from apps.core.errors import BadInput, NotAllowed
from apps.core.privacy import phones
from apps.core.privacy.protected import clear_for_machine
from apps.jobs.models import Job
from apps.optouts import queries, services
from apps.optouts.models import Change, ListIn, ListRow, OptOut, Scrub
from apps.optouts.refusal_files import open_refusals
from apps.retention.services import purge
from tests.http import Api, problem
from tests.world import OTHER_PHONE, PHONE, World


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


NUMBERS = [f"1380001{number:04}" for number in range(1200, 1320)]


def csv_of(numbers: list[str], heading: str = "手机号") -> bytes:
    return "\n".join([f"{heading},备注", *(f"{number},x" for number in numbers)]).encode()


def scrub(world: World, content: bytes, **fields: Any) -> Scrub:
    asked = {"actor": world.people["compliance"], "file_name": "list.csv", "purpose": "清洗名单", **fields}
    made = services.ask_scrub(content=content, **asked)
    services.run_scrub(made.job_id)
    return Scrub.objects.get(pk=made.pk)


def verdicts(made: Scrub) -> list[str]:
    return [row[-1] for row in csv.reader(io.StringIO(services.result_of(made).decode("utf-8-sig")))][1:]


def test_a_list_comes_back_with_who_has_opted_out(world: World) -> None:
    world.opt_out(NUMBERS[3])
    made = scrub(world, csv_of([*NUMBERS, "nothing", f"+86 {NUMBERS[3]}"]))
    result = verdicts(made)
    assert [at for at, verdict in enumerate(result) if verdict == "yes"] == [3, len(NUMBERS) + 1]
    assert result[len(NUMBERS)] == "no number"
    assert (made.rows, made.opted_out, made.without_number) == (len(NUMBERS) + 2, 2, 1)


def test_what_was_handed_in_is_erased_and_both_is_in_the_trail(world: World) -> None:
    made = scrub(world, csv_of(NUMBERS))
    assert made.upload == ""
    assert made.erased_at is not None
    said = list(
        AccessEvent.objects.filter(subject=made.public_id).order_by("pk").values_list("purpose", "count")
    )
    assert said == [("scrub: 清洗名单", 120), ("scrub: the list that was handed in is erased", 120)]


def test_the_result_is_erased_after_a_day(world: World, clock: Any) -> None:
    made = scrub(world, csv_of(NUMBERS))
    assert "list_file" not in purge(pause=0).counts
    clock.shift(timedelta(days=1))
    with pytest.raises(BadInput, match="erased"):
        services.result_of(made)
    assert purge(pause=0).counts["list_file"] == 1
    with pytest.raises(BadInput, match="erased"):
        services.result_of(Scrub.objects.get(pk=made.pk))


def test_it_is_no_way_to_look_up_a_number(world: World) -> None:
    with pytest.raises(BadInput, match="at least 100"):
        scrub(world, csv_of(NUMBERS[:99]))
    for few in ([*NUMBERS[:99], *["nothing"] * 50], [NUMBERS[0]] * 200):
        with pytest.raises(BadInput, match="different"):
            scrub(world, csv_of(few))
    for role in ("agent", "admin"):
        with pytest.raises(NotAllowed):
            scrub(world, csv_of(NUMBERS), actor=world.people[role])
    with pytest.raises(DatabaseError), transaction.atomic():
        Scrub.objects.filter(pk=scrub(world, csv_of(NUMBERS)).pk).update(rows=1)


def test_ten_million_numbers_a_day_are_enough(world: World) -> None:
    made = scrub(world, csv_of(NUMBERS))
    Scrub.objects.filter(pk=made.pk).update(rows=10_000_000)
    with pytest.raises(BadInput, match="within a day"):
        scrub(world, csv_of(NUMBERS))
    scrub(world, csv_of(NUMBERS), actor=world.people["compliance2"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (csv_of(NUMBERS, "name"), "has to be named"),
        (csv_of(NUMBERS, "phone,mobile"), "has to be named"),
        (gzip.compress(csv_of(NUMBERS), mtime=0)[:50], "broken"),
        (b"\x1f\x8b" + b"x" * 50, "broken"),
        (b"PK\x03\x04broken", "xlsx"),
    ],
)
def test_what_is_no_list_is_refused_and_nothing_is_kept(world: World, content: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        scrub(world, content)
    assert not Scrub.objects.exists()


def test_a_packed_list_is_read_and_a_cell_that_would_run_is_text(world: World) -> None:
    cells = ["=1+1", "@x", "+1+1", "-cmd", "-7", "+8613800001234"]
    rows = [f"{number},{cells[place % 6]}" for place, number in enumerate(NUMBERS)]
    made = scrub(world, gzip.compress("\n".join(["phone,note", *rows]).encode()))
    written = [row[1] for row in csv.reader(io.StringIO(services.result_of(made).decode("utf-8-sig")))][1:7]
    assert written == ["'=1+1", "'@x", "'+1+1", "'-cmd", "-7", "+8613800001234"]


def test_a_scoped_or_lifted_refusal_is_none_for_a_list(world: World, clock: Any) -> None:
    services.record_opt_out(
        phone=f"+86{NUMBERS[0]}", channel="api", evidence="x", scope="brand", scope_value="明澜"
    )
    world.opt_out(NUMBERS[1])
    clock.shift(timedelta(hours=1))
    lift = services.ask_lift(
        actor=world.people["compliance"],
        phone=NUMBERS[1],
        consent_given_at=world.at("10:30"),
        evidence="录音",
    )
    services.approve_lift(actor=world.people["compliance2"], lift=lift)
    assert set(verdicts(scrub(world, csv_of(NUMBERS)))) == {"no"}


def test_the_command_writes_the_list_and_refuses_with_3(world: World, tmp_path: Path) -> None:
    world.opt_out(NUMBERS[0])
    file, out = tmp_path / "list.csv", tmp_path / "out.csv"
    file.write_bytes(csv_of(NUMBERS))
    said = io.StringIO()
    call_command("scrub", str(file), "-o", str(out), "--json", "--erase", stdout=said)
    assert '"opted_out": 1' in said.getvalue()
    assert out.read_text("utf-8-sig").splitlines()[1].endswith("yes")
    assert not file.exists()
    file.write_bytes(csv_of(NUMBERS[:5]))
    with pytest.raises(SystemExit) as ended:
        call_command("scrub", str(file), "-o", str(out), stdout=said)
    assert ended.value.code == 3


def test_programs_hold_lists_against_the_register(world: World) -> None:
    _client, key = world.api_client("crm", "scrub")
    world.opt_out(NUMBERS[2])
    api = Api(key)
    asked = api.post("scrubs", {"numbers": NUMBERS, "purpose": "monthly"})
    assert asked.status_code == 202
    services.run_scrub(Scrub.objects.get().job_id)
    payload = api.get(f"scrubs/{asked.json()['scrub']}").json()
    assert (payload["state"], payload["opted_out"], payload["results"][2], payload["results"][0]) == (
        "done",
        1,
        "yes",
        "no",
    )
    _other, foreign = world.api_client("other", "scrub")
    assert problem(Api(foreign).get(f"scrubs/{asked.json()['scrub']}")) == (404, "not_found")
    assert problem(api.post("scrubs", {"numbers": NUMBERS[:5], "purpose": "monthly"})) == (
        422,
        "scrub_refused",
    )
    assert problem(Api(world.key).post("scrubs", {"numbers": NUMBERS, "purpose": "monthly"})) == (
        403,
        "not_allowed",
    )


def test_pages_of_lists(world: World, browse: Any) -> None:
    officer = browse("compliance")
    file = io.BytesIO(csv_of(NUMBERS))
    file.name = "list.csv"
    answer = officer.post(reverse("scrubs"), {"file": file, "purpose": "清洗名单"})
    made = Scrub.objects.get()
    assert answer.headers["Location"] == reverse("scrub", kwargs={"pk": made.pk})
    assert officer.get(reverse("scrub_result", kwargs={"pk": made.pk})).status_code == 302
    services.run_scrub(made.job_id)
    assert b"yes" not in officer.get(reverse("scrub_result", kwargs={"pk": made.pk})).content
    assert browse("supervisor").get(reverse("scrub", kwargs={"pk": made.pk})).status_code == 404


# -- into the register


def take(world: World, numbers: list[str], origin: str = "regulator") -> ListIn:
    taken = services.take_list(
        actor=world.people["compliance"],
        origin=origin,
        evidence="通信管理局 2026-11",
        file_name="list.csv",
        content=csv_of(numbers),
    )
    services.run_list(taken.job_id)
    return ListIn.objects.get(pk=taken.pk)


def test_a_regulators_list_blocks_every_number_on_it_at_once(world: World) -> None:
    reserved = world.authorize().call
    taken = take(world, [*NUMBERS, PHONE, "nothing", PHONE])
    assert taken.counts == {"recorded": 121, "known": 1, "no_number": 1}
    assert reserved is not None
    reserved.refresh_from_db()
    assert reserved.state == "withdrawn"
    assert "opted_out" in world.authorize(reserve=False).codes
    assert set(OptOut.objects.values_list("channel", flat=True)) == {"regulator"}
    assert taken.upload == ""
    assert AccessEvent.objects.get(kind="imported").count == 121


def test_a_list_that_was_cut_short_goes_on_without_a_double(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.optouts.services import listing

    monkeypatch.setattr(listing, "BATCH", 50)
    taken = services.take_list(
        actor=world.people["compliance"],
        origin="list",
        evidence="旧系统",
        file_name="list.csv",
        content=csv_of(NUMBERS),
    )
    whole = listing._store
    calls = []

    def fails_second(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise DatabaseError("cut")
        whole(*args)

    monkeypatch.setattr(listing, "_store", fails_second)
    with pytest.raises(DatabaseError):
        services.run_list(taken.job_id)
    assert OptOut.objects.count() == 50
    monkeypatch.setattr(listing, "_store", whole)
    Job.objects.update(leased_until=None, state="waiting")
    services.run_list(taken.job_id)
    assert OptOut.objects.count() == len(NUMBERS)
    assert ListIn.objects.get().counts == {"recorded": 120, "known": 0, "no_number": 0}


def test_a_list_whose_job_failed_is_erased_after_a_day(world: World, clock: Any) -> None:
    services.take_list(
        actor=world.people["compliance"],
        origin="list",
        evidence="x",
        file_name="a.csv",
        content=csv_of(NUMBERS),
    )
    Job.objects.update(state="failed")
    clock.shift(timedelta(days=1))
    assert purge(pause=0).counts["list_file"] == 1
    assert ListIn.objects.get().upload == ""


def test_only_compliance_brings_lists_and_says_whose(world: World) -> None:
    payload = {"evidence": "x", "file_name": "a.csv", "content": csv_of(NUMBERS)}
    for role in ("agent", "supervisor", "admin"):
        with pytest.raises(NotAllowed):
            services.take_list(actor=world.people[role], origin="list", **payload)
    for wrong in (
        {"origin": "nowhere"},
        {"origin": "list", "evidence": " "},
        {"origin": "list", "evidence": "13800001234"},
    ):
        with pytest.raises(BadInput):
            services.take_list(actor=world.people["compliance"], **{**payload, **wrong})


# -- the feed


def feed(client: Any, after: int = 0) -> list[Any]:
    return services.changes(client=client, after=after)


def test_the_feed_tells_refusals_lifts_and_dismissals_in_order(world: World, clock: Any) -> None:
    client, _key = world.api_client("crm", "feed")
    world.opt_out()
    near = services.take_message(client=world.client, sender="+8613900005678", text="别打了", message_id="m")
    services.dismiss(actor=world.people["compliance"], message=near, reason="别的事")
    clock.shift(timedelta(hours=1))
    lift = services.ask_lift(
        actor=world.people["compliance"], phone=PHONE, consent_given_at=world.at("10:30"), evidence="录音"
    )
    services.approve_lift(actor=world.people["compliance2"], lift=lift)
    result = feed(client)
    assert [row.kind for row in result] == ["refused", "refused", "dismissed", "lifted"]
    assert [row.position for row in result] == [1, 2, 3, 4]
    assert result[0].hash == result[3].hash
    assert result[1].hash == result[2].hash
    assert feed(client, after=4) == []
    assert feed(client, after=2) == result[2:]


def test_a_program_finds_its_customers_by_their_hashes_and_no_others(world: World) -> None:
    _client, key = world.api_client("crm", "feed")
    _other, foreign = world.api_client("other", "feed")
    api = Api(key)
    world.opt_out()
    mine = api.post("opt-outs/hashes", {"numbers": [PHONE, "13900005678", "x"]}).json()["hashes"]
    (change,) = api.get("opt-outs/changes?after=0").json()["changes"]
    assert mine[0][change["key"]] == change["hash"]
    assert mine[1][change["key"]] != change["hash"]
    assert mine[2] is None
    (theirs,) = Api(foreign).get("opt-outs/changes").json()["changes"]
    assert theirs["hash"] != change["hash"]
    assert change["hash"] != hashlib.sha256(f"+86{PHONE}".encode()).hexdigest()
    assert problem(Api(world.key).get("opt-outs/changes")) == (403, "not_allowed")
    assert problem(api.get("opt-outs/changes?after=-1")) == (422, "bad_input")
    assert problem(api.get("opt-outs/changes?limit=10001")) == (422, "bad_input")


def test_numbers_go_to_a_client_with_the_scope_for_contacts_of_its_campaigns_and_into_the_trail(
    world: World,
) -> None:
    client, key = world.api_client("crm", "feed", "numbers")
    _plain, plain_key = world.api_client("plain", "feed")
    world.opt_out(OTHER_PHONE)  # of no contact
    services.record_opt_out(
        phone=f"+86{PHONE}", channel="key", evidence="call:2", contact_id=world.contact.pk
    )
    assert [row["number"] for row in Api(key).get("opt-outs/changes").json()["changes"]] == [None, None]
    world.campaign.clients.add(client)
    assert [row["number"] for row in Api(key).get("opt-outs/changes").json()["changes"]] == [
        None,
        f"+86{PHONE}",
    ]
    event = AccessEvent.objects.get(client=client)
    assert (event.kind, event.field, event.count) == ("handed_over", "contacts.contact.phone", 1)
    assert [row["number"] for row in Api(plain_key).get("opt-outs/changes").json()["changes"]] == [None, None]


def test_pages_of_the_feed_go_on_where_the_last_ended(world: World) -> None:
    _client, key = world.api_client("crm", "feed")
    for number in NUMBERS[:7]:
        world.opt_out(number)
    api, seen, after, more = Api(key), [], 0, True
    while more:
        page = api.get(f"opt-outs/changes?after={after}&limit=3").json()
        seen += [row["position"] for row in page["changes"]]
        after, more = page["after"], page["has_more"]
    assert seen == list(range(1, 8))


def test_positions_are_never_changed(world: World) -> None:
    world.opt_out()
    services.give_positions()
    for change in (lambda: Change.objects.update(position=9), lambda: Change.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_the_feed_misses_nothing_under_eight_writers_with_late_commits(django_db_blocker: Any) -> None:
    """Each writer commits some of its entries late and out of order, while a reader follows the feed."""
    world = World()
    client, _key = world.api_client("crm", "feed")
    writers, each = 8, 25
    done = threading.Event()

    def write(writer: int) -> None:
        try:
            for number in range(each):
                with transaction.atomic():
                    phone = phones.normalise(f"139{writer:04}{number:04}")
                    services.record_opt_out(phone=phone, channel="api", evidence=f"{writer}:{number}")
                    with connection.cursor() as cursor:
                        cursor.execute("select pg_sleep(%s)", [0.002 * ((writer * 7 + number * 3) % 11)])
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    hashes: set[str] = set()

    def read() -> None:
        after = 0
        try:
            while True:
                last = done.is_set()
                rows = services.changes(client=client, after=after, most=50)
                seen.extend(row.position for row in rows)
                hashes.update(row.hash for row in rows)
                after = rows[-1].position if rows else after
                if last and not rows:
                    return
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    for thread in threads:
        thread.join(60)
    done.set()
    reader.join(60)
    assert seen == list(range(1, writers * each + 1))
    assert len(hashes) == writers * each


# -- everyone who is on a list of refusals is registered, or named by row to a person who has to look


def taken_in(world: World, content: bytes) -> ListIn:
    taken = services.take_list(
        actor=world.people["compliance"], origin="list", evidence="名单", file_name="a.csv", content=content
    )
    services.run_list(taken.job_id)
    return ListIn.objects.get(pk=taken.pk)


def is_refused(world: World, phone: str) -> bool:
    return "opted_out" in world.authorize(phone=phone, reserve=False).codes


@pytest.mark.parametrize(
    "cell",
    [
        f"{PHONE}/{OTHER_PHONE}",
        f"{PHONE}、{OTHER_PHONE}",
        f'"=""{PHONE}"" {OTHER_PHONE}"',
        f"{PHONE}（妻子 {OTHER_PHONE}）",
        f"手机{PHONE} 座机转 {OTHER_PHONE}",
    ],
)
def test_every_number_of_a_cell_is_registered(world: World, cell: str) -> None:
    world.add_contact(OTHER_PHONE)
    taken = taken_in(world, f"手机号\n{cell}\n".encode())
    assert is_refused(world, PHONE)
    assert is_refused(world, OTHER_PHONE)
    assert taken.counts == {"recorded": 2, "known": 0, "no_number": 0}


def test_a_cut_number_beside_a_good_one_waits_for_a_person(world: World) -> None:
    taken = taken_in(world, f"手机号\n{PHONE} / 1380000123\n{OTHER_PHONE}（2026-11-24 口述）\n".encode())
    assert taken.counts == {"recorded": 2, "known": 0, "no_number": 1}
    assert is_refused(world, PHONE)
    assert [row.row for row in queries.unread_rows()] == [2]


def test_a_list_without_a_heading_loses_no_row(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    taken = taken_in(world, f"{PHONE},甲\n{OTHER_PHONE},乙\n".encode())
    assert taken.counts["recorded"] == 2
    assert is_refused(world, PHONE)
    assert is_refused(world, OTHER_PHONE)


def test_both_columns_of_numbers_are_read(world: World) -> None:
    world.add_contact(OTHER_PHONE)
    taken = taken_in(world, f"姓名,手机,电话\n甲,{PHONE},{OTHER_PHONE}\n乙,,13700000001\n".encode())
    assert taken.counts["recorded"] == 3
    assert is_refused(world, OTHER_PHONE)


@pytest.mark.parametrize(
    "content",
    [
        f"姓名,手机号,家庭电话\n甲,{PHONE},{OTHER_PHONE}",
        f"姓名,手机号,紧急联系人\n甲,{PHONE},乙 {OTHER_PHONE}",
        f"甲,{PHONE},{OTHER_PHONE}",
        f"手机号,备注\n{PHONE},另一个号 {OTHER_PHONE}",
        f"手机号,备注\n{PHONE},还有 {OTHER_PHONE[:4]} {OTHER_PHONE[4:7]} {OTHER_PHONE[7:]}",
        f"手机号,x\n{PHONE}--{OTHER_PHONE},y",
        f"{PHONE}\n手机号\n{OTHER_PHONE}",
        f"{PHONE}名单\n手机号\n{OTHER_PHONE}",
    ],
)  # fmt: skip
def test_no_column_with_numbers_is_passed_over(world: World, content: str) -> None:
    taken_in(world, content.encode())
    assert is_refused(world, PHONE)
    assert is_refused(world, OTHER_PHONE)


@pytest.mark.parametrize("first", ["1380000123,甲", "一三八零零零零一二三,甲", "85550101,甲"])
def test_a_first_row_that_cannot_be_read_is_no_heading(world: World, first: str) -> None:
    taken_in(world, f"{first}\n{PHONE},乙".encode())
    assert [row.row for row in queries.unread_rows()] == [1]
    assert is_refused(world, PHONE)


def test_a_column_of_landlines_is_read(world: World) -> None:
    taken = taken_in(world, f"手机,座机\n{PHONE},01085550101\n".encode())
    assert taken.counts["recorded"] == 2
    assert is_refused(world, "01085550101")


def test_numbers_of_other_things_are_no_telephones(world: World) -> None:
    taken_in(world, f"手机号,客户编号,日期\n{PHONE},1085550101,2026-11-24".encode())
    assert OptOut.objects.count() == 1


def test_a_row_that_cannot_be_read_waits_for_a_person(world: World, browse: Any) -> None:
    taken = taken_in(world, f"手机号,备注\n{PHONE},x\n一三八零零零零九九九九,口述\n,空\n合计,3\n".encode())
    assert taken.counts == {"recorded": 1, "known": 0, "no_number": 3}
    assert [row.row for row in queries.unread_rows()] == [3, 4, 5]
    assert list(queries.lists_to_decide()) == [taken]
    officer, rows = browse("compliance"), list(queries.unread_rows())
    page = reverse("list_row", kwargs={"pk": rows[0].pk})
    assert "口述" not in officer.get(page).content.decode()
    assert "一三八零" in officer.post(page, {"read": "1"}).content.decode()
    officer.post(page, {"register": "1", "number": "13800009999"})
    for row in rows[1:]:
        officer.post(reverse("list_row", kwargs={"pk": row.pk}), {"pass": "1", "reason": "合计行"})
    assert not queries.lists_to_decide()
    world.add_contact("13800009999")
    assert is_refused(world, "13800009999")
    assert not ListRow.objects.filter(text__isnull=False).exists(), "what was decided is not kept"


def test_a_number_that_is_none_is_said_and_the_row_goes_on_waiting(world: World) -> None:
    taken_in(world, "手机号\n看不清\n13700000001\n".encode())
    row = queries.unread_rows().get()
    with pytest.raises(phones.PhoneInvalid):
        services.register_row(actor=world.people["compliance"], row=row, number="123")
    with pytest.raises(BadInput):
        services.pass_row(actor=world.people["compliance"], row=row, reason="")
    assert queries.unread_rows().exists()


# -- the same request under the same key


def test_a_link_under_the_same_key_is_the_same_link(world: World) -> None:
    api = Api(world.key)
    first = api.post("opt-outs/links", {"phone": PHONE}, **{"Idempotency-Key": "k1"}).json()
    assert api.post("opt-outs/links", {"phone": PHONE}, **{"Idempotency-Key": "k1"}).json() == first
    assert api.post("opt-outs/links", {"phone": PHONE}, **{"Idempotency-Key": "k2"}).json() != first
    assert problem(api.post("opt-outs/links", {"phone": OTHER_PHONE}, **{"Idempotency-Key": "k1"})) == (
        422,
        "idempotency_key_reused",
    )


def test_a_scrub_under_the_same_key_is_the_same_scrub(world: World) -> None:
    _client, key = world.api_client("scrubber", "scrub")
    api, asked = Api(key), {"numbers": NUMBERS, "purpose": "清洗"}
    first = api.post("scrubs", asked, **{"Idempotency-Key": "k1"}).json()
    assert api.post("scrubs", asked, **{"Idempotency-Key": "k1"}).json()["scrub"] == first["scrub"]
    assert Scrub.objects.count() == 1
    other = {**asked, "numbers": NUMBERS[:110]}
    assert problem(api.post("scrubs", other, **{"Idempotency-Key": "k1"})) == (422, "idempotency_key_reused")


def test_numbers_abroad_and_landlines_in_a_note_count_too(world: World) -> None:
    taken_in(world, f"手机号,备注\n{PHONE},座机010-85550101也别打\n,香港 +852 6123 4567".encode())
    assert OptOut.objects.count() == 3


def test_a_filled_sheet_that_is_hidden_is_not_passed_over(world: World) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, number in (("a", PHONE), ("b", OTHER_PHONE)):
            sheet = book.add_worksheet(name)
            sheet.write_column(0, 0, ["手机号", number])
        book.get_worksheet_by_name("b").hide()
    with pytest.raises(FileRefused):
        open_refusals(out.getvalue())


def test_a_blank_number_has_a_result_of_its_own(world: World) -> None:
    """`results` stand in the order of the numbers, whatever stands in one of them."""
    world.opt_out(NUMBERS[3])
    api = Api(world.api_client("crm", "scrub")[1])
    odd = ["", " ", '"', "1380001\u20281234", "138\x0c0001", "138\x850001", f" {NUMBERS[3]}\u2028"]
    numbers = [NUMBERS[0], *odd, *NUMBERS[1:]]
    made = api.post("scrubs", {"numbers": numbers, "purpose": "monthly clean-up"}).json()
    services.run_scrub(Scrub.objects.get().job_id)
    results = api.get(f"scrubs/{made['scrub']}").json()["results"]
    assert len(results) == len(numbers)
    assert [place for place, result in enumerate(results) if result == "yes"] == [7, 10]
    assert numbers[10] == NUMBERS[3]


@pytest.mark.parametrize(
    "cell", ["{0}/13800009999", "13800009999 {0}", "{0} 转 8", "宅{0}", "9{0}", "手机：{0}"]
)
def test_a_list_is_held_against_the_register_as_refusals_are_read(world: World, cell: str) -> None:
    world.opt_out(NUMBERS[3])
    made = scrub(world, csv_of([cell.format(NUMBERS[3]), *NUMBERS[4:110]]))
    assert verdicts(made)[0] == "yes"


def test_one_row_of_many_numbers_is_no_list(world: World) -> None:
    with pytest.raises(services.scrubbing.TooMuch):
        scrub(world, csv_of([" ".join(NUMBERS)]))


@pytest.mark.parametrize("first", ["手机:{0}", "手机号{0}", "电话：{0}", "mobile {0}"])
def test_a_first_row_that_names_a_number_and_holds_one_is_no_heading(world: World, first: str) -> None:
    taken = taken_in(world, "\n".join(first.format(number) for number in NUMBERS[:3]).encode())
    assert taken.counts["recorded"] == 3
    assert all(is_refused(world, number) for number in NUMBERS[:3])


def test_a_landline_in_a_column_of_whatever_else_is_registered(world: World) -> None:
    taken_in(world, "手机号,备用\n13800000011,02085550101\n".encode())
    assert is_refused(world, "02085550101")


def test_a_cut_number_in_a_note_waits_for_a_person(world: World) -> None:
    taken = taken_in(
        world, "手机号,备注\n13800000021,另有 1380000002 也不要再打\n,客户来电退订，号码1380000003\n".encode()
    )
    assert taken.counts["no_number"] == 2
    texts = [clear_for_machine(row.text) for row in ListRow.objects.order_by("row")]
    assert ["1380000002" in texts[0], "1380000003" in texts[1]] == [True, True]


def test_what_is_to_be_read_of_a_long_row_is_kept(world: World) -> None:
    heading = ",".join(f"电话{place}" for place in range(50))
    row = ",".join([*(f"1380001{place:04} {'口述' * 25}" for place in range(49)), "1390000777"])
    taken_in(world, f"{heading}\n{row}\n".encode())
    assert "1390000777" in clear_for_machine(ListRow.objects.get().text)
