"""What cannot be opened, deleted or reached stops nothing but itself; and what works on a copy leaves the
site as it is."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils.translation import override

from apps.contacts.models import Contact
from apps.core.calendar.clock import now
from apps.core.crypto import encrypted_files
from apps.core.errors import StorageAway
from apps.jobs import services as jobs
from apps.jobs.models import FileToDelete
from apps.notifications import services as notifications
from apps.notifications.models import Notice, Outgoing
from apps.optouts import services as optouts
from apps.quality import services as quality
from apps.quality.models import Complaint, Recording, Transcript
from apps.quality.rules.examining import Segment
from apps.quality.services import measuring_sound, transcribing
from apps.quality.services import receiving as keeping
from apps.retention import services as retention
from apps.retention.models import Erasure, LegalHold, PurgeRun
from apps.retention.services import purging
from apps.retention.services.erasing import erase_again
from apps.rights import services as rights
from apps.rights.models import CopyOrder
from apps.rights.services import copying
from apps.webhooks import services as webhooks
from tests.quality.sounds import hand_in, wav
from tests.rights.asking import ask, copied, execute, history
from tests.webhooks import receiving
from tests.webhooks.receiving import Receiver, end_point
from tests.world import OTHER_PHONE, PHONE, World

receiver = receiving.receiver  # a fixture


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


def altered(table: str, column: str, pk: int) -> None:
    """A bit of a protected value turned over, as a disk does it."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        statement = (
            "update TABLE set COLUMN = set_byte(COLUMN, length(COLUMN) - 1, get_byte(COLUMN, "
            "length(COLUMN) - 1) # 1) where id = %s"
        )
        cursor.execute(statement.replace("TABLE", table).replace("COLUMN", column), [pk])


def test_an_end_point_whose_secret_cannot_be_opened_keeps_no_refusal_from_others(
    world: World, receiver: Receiver
) -> None:
    end_point(world, receiver.url, name="good")
    bad, _secret = end_point(world, receiver.url, name="bad")
    altered("webhooks_endpoint", "secret", bad.pk)
    optouts.record_opt_out(phone=f"+86{PHONE}", channel="api", evidence="m1")
    assert webhooks.deliver_due() == 1
    assert len(receiver.got) == 1


def test_an_end_point_that_is_gone_is_said_to_be(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url)
    receiver.answers[:] = [410]
    optouts.record_opt_out(phone=f"+86{PHONE}", channel="api", evidence="m1")
    webhooks.deliver_due()
    assert Notice.objects.filter(code="webhook_given_up", facts__answer="410 Gone").exists()


def test_a_request_that_cannot_be_opened_keeps_no_other_from_being_escalated(
    world: World, clock: Any
) -> None:
    bad, late = ask(world, kind="see"), ask(world, kind="withdraw")
    altered("rights_subjectrequest", "phone", bad.pk)
    clock.shift(timedelta(days=60))
    assert rights.watch_deadlines()["escalated"] == 2
    assert Notice.objects.filter(code="request_overdue", facts__request=late.public_id).exists()


def test_a_complaint_that_cannot_be_opened_keeps_no_other_from_being_escalated(
    world: World, clock: Any
) -> None:
    made = []
    for text in ("一", "二"):
        call = world.connected()
        clock.shift(timedelta(days=1))
        made.append(
            quality.record_complaint(
                actor=world.people["compliance"],
                channel=Complaint.Channel.TELEPHONE,
                kind=Complaint.Kind.OTHER,
                text=text,
                call=call,
            )
        )
    altered("quality_complaint", "text", made[0].pk)
    clock.shift(timedelta(days=90))
    assert quality.escalate_complaints() == 2


def test_a_name_that_is_no_file_keeps_no_file_from_being_deleted(world: World) -> None:
    good = encrypted_files.put(b"x", folder="uploads")
    FileToDelete.objects.create(name="../../x")
    FileToDelete.objects.create(name=good)
    assert jobs.delete_discarded() == 1
    assert not encrypted_files.exists(good)
    assert FileToDelete.objects.get().tries == 1


def test_a_recording_that_the_storage_refuses_keeps_no_other_from_being_measured(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hand_in(world.connected(), wav(60))
    clock.shift(timedelta(days=1))
    second = hand_in(world.connected(), wav(61))
    Recording.objects.update(state="received")
    real = measuring_sound.open_recording

    def opened(row: Recording) -> Any:
        if row.pk == first.pk:
            raise StorageAway(why="InvalidObjectState")
        return real(row)

    monkeypatch.setattr(measuring_sound, "open_recording", opened)
    assert quality.measure_received() == 1
    assert set(Recording.objects.values_list("pk", "state")) == {(first.pk, "received"), (second.pk, "ready")}


class Hears:
    def transcribe(self, audio: Any, media: str) -> list[Segment]:
        return [Segment(0, 1_000, "unknown", "您好")]


def test_an_outage_of_the_storage_uses_up_no_try_of_a_transcript(
    world: World, clock: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HEGUI_SPEECH_TO_TEXT = "tests.faults.test_one_bad_row.Hears"
    hand_in(world.connected(), wav(60))

    def away(row: Recording) -> Any:
        raise StorageAway(why="EndpointConnectionError")

    with monkeypatch.context() as patched:
        patched.setattr(transcribing, "open_recording", away)
        for _each in range(5):
            with pytest.raises(StorageAway):
                quality.transcribe_due()
            clock.shift(transcribing.AWAY + timedelta(minutes=1))
    assert quality.transcribe_due() == 1
    assert Transcript.objects.exists()


def test_a_recording_whose_commit_was_not_answered_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, real = world.connected(), keeping._keep

    def kept(*args: Any) -> Any:
        real(*args)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "_keep", kept)
        with pytest.raises(OperationalError):
            hand_in(call, wav(60))
    assert encrypted_files.exists(Recording.objects.get().file)


@pytest.mark.django_db(transaction=True)
def test_a_drill_deletes_nothing_of_the_site(world: World, clock: Any) -> None:
    """Not even what its copy, which knows no hold that is younger, takes for the person's to delete."""
    call = history(world)
    retention.back_up_by_schedule()
    clock.shift(60)
    review_on = world.today + timedelta(days=20)
    retention.place_hold(
        actor=world.people["compliance"],
        kind=LegalHold.Kind.CALL,
        target_id=call.pk,
        reason="法院",
        review_on=review_on,
    )
    clock.shift(60)
    execute(world, ask(world))
    kept = Recording.objects.get()
    clock.shift(3_600)
    before = set(encrypted_files.names())
    assert retention.run_drill().state == "done"
    assert encrypted_files.exists(kept.file)
    assert before <= set(encrypted_files.names())


def test_what_waited_for_a_person_goes_again_after_a_restore(world: World, clock: Any, settings: Any) -> None:
    settings.DEMO = True
    history(world)
    request, _link = copied(world, ask(world, kind="see"))
    clock.shift(60)
    erase_again(bytes(request.number_index), until=now())
    request.refresh_from_db()
    assert not request.archive


def test_no_message_goes_to_who_was_erased(world: World, settings: Any) -> None:
    settings.DEMO = True
    history(world)
    request = ask(world)
    phone = Contact.objects.get().phone
    notifications.queue_sms(number=phone, text="x", about="rq", life=timedelta(days=2))
    execute(world, request)
    message = Outgoing.objects.get(about="rq")
    assert (message.state, message.number, message.text) == ("given_up", None, None)


def test_what_is_done_goes_by_no_mail(world: World) -> None:
    officer = world.people["compliance"]
    officer.email = "a@b.example"
    officer.save()
    notifications.notify([officer], "request_overdue", request="rq_x")
    notifications.close_notices("request_overdue", request="rq_x")
    assert notifications.mail_now() == 0


def test_a_purge_that_lost_its_lock_ends_and_signs_nothing(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(world)
    clock.shift(timedelta(days=366))
    real, beside = purging._batch, []

    def batch(*args: Any) -> Any:
        result = real(*args)
        if not beside:
            beside.append(1)
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = "
                    "l.database"
                    " where l.locktype = 'advisory' and l.classid = 7 and l.pid <> pg_backend_pid() and "
                    "d.datname = current_database()"
                )
        return result

    with monkeypatch.context() as patched:
        patched.setattr(purging, "_batch", batch)
        with pytest.raises(purging.ExclusiveRunLost):
            purging.purge()
    assert not PurgeRun.objects.get().signature
    assert purging.purge().state == "done"


def test_a_step_that_fails_keeps_no_purge_from_its_certificate(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any) -> None:
        raise OperationalError("deadlock")

    monkeypatch.setattr(purging, "_merge_small_groups", fails)
    clock.shift(timedelta(days=366))
    run = purging.purge()
    assert (run.state, list(run.failures)) == ("failed", ["small_groups"])
    assert run.signature
    assert Notice.objects.filter(code="purge_failed").exists()


def test_a_row_that_cannot_be_deleted_keeps_no_other_of_its_class(world: World, clock: Any) -> None:
    Notice.objects.all().delete()
    for number in range(3):
        notifications.notify([world.people["compliance"]], "request_overdue", request=f"rq_{number}")
    first = Notice.objects.order_by("pk").first()
    assert first is not None
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(
            "create function refuses() returns trigger language plpgsql as $$ begin raise exception 'no'; "
            "end $$"
        )
        trigger = (
            "create trigger refuses before delete on notifications_notice for each row when (old.id = "
            "KEY) execute function refuses()"
        )
        cursor.execute(trigger.replace("KEY", str(first.pk)))
    clock.shift(timedelta(days=800))
    run = purging.purge()
    assert list(Notice.objects.filter(code="request_overdue")) == [first]
    assert run.failures == {"notice": "RowsRefused"}


@pytest.fixture
def refused_at_commit(transactional_db: None) -> Iterator[Callable[[Recording], None]]:
    """Have the database refuse, at the commit, to let a recording go."""

    def refuse(kept: Recording) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "create function refuses() returns trigger language plpgsql as $$ begin raise exception "
                "'no'; end $$"
            )
            trigger = (
                "create constraint trigger refuses after delete on quality_recording deferrable initially "
                "deferred"
                " for each row when (old.id = KEY) execute function refuses()"
            )
            cursor.execute(trigger.replace("KEY", str(kept.pk)))

    yield refuse
    with connection.cursor() as cursor:
        cursor.execute("drop function refuses() cascade")


def test_the_file_of_a_row_that_stays_is_not_certified_as_gone(
    world: World, clock: Any, refused_at_commit: Callable[[Recording], None]
) -> None:
    world.add_contact(OTHER_PHONE)
    kept, other = hand_in(world.connected()), hand_in(world.connected(phone=OTHER_PHONE))
    refused_at_commit(kept)
    clock.shift(timedelta(days=366))
    run = purging.purge(pause=0)
    assert list(Recording.everyone.all()) == [kept]
    assert encrypted_files.exists(kept.file)
    assert not encrypted_files.exists(other.file)
    assert run.files == 1


def test_a_contact_that_cannot_be_deleted_keeps_no_other_and_is_begun_once(world: World, clock: Any) -> None:
    other = world.add_contact(OTHER_PHONE)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(
            "create function refuses() returns trigger language plpgsql as $$ begin raise exception 'no'; "
            "end $$"
        )
        trigger = (
            "create trigger refuses before delete on contacts_contact for each row when (old.id = KEY) "
            "execute function refuses()"
        )
        cursor.execute(trigger.replace("KEY", str(world.contact.pk)))
    clock.shift(timedelta(days=800))
    for _night in range(3):
        run = purging.purge(pause=0)
        assert set(run.failures.values()) == {"RowsRefused"}
        clock.shift(timedelta(days=1))
    assert not Contact.everyone.filter(pk=other.pk).exists()
    assert Contact.everyone.filter(pk=world.contact.pk).exists()
    assert Erasure.objects.filter(done_at__isnull=True).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("drop trigger refuses on contacts_contact")
    assert purging.purge(pause=0).state == "done"
    assert not Erasure.objects.filter(done_at__isnull=True).exists()


def test_a_copy_that_came_too_late_leaves_no_archive(
    world: World, clock: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = True
    history(world)
    see, delete = ask(world, kind="see"), ask(world)
    rights.ask_copy(
        actor=world.people["compliance"], request=see, link_to=lambda path: f"https://h.example{path}"
    )
    clock.shift(1)
    real = copying.streams.put_hashed

    def put(*args: Any, **named: Any) -> Any:
        result = real(*args, **named)
        execute(world, delete)
        return result

    monkeypatch.setattr(copying.streams, "put_hashed", put)
    rights.make_copy(CopyOrder.objects.latest("pk").job_id)
    left = {name for name in encrypted_files.names() if name.startswith("copies")}
    assert left <= set(FileToDelete.objects.values_list("name", flat=True))
