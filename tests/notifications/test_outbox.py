"""Messages to people: written with their cause, sent after the commit, again and again, and over after their
time."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import httpcore
import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.core.errors import BadInput
from apps.core.privacy.protected import Protected
from apps.notifications import gateway, rules, services
from apps.notifications.models import Notice, Outgoing
from apps.notifications.sentences import SENTENCES
from apps.notifications.services import notify, outbox
from tests.site import free_port
from tests.world import PHONE, World

LIFE = timedelta(minutes=10)
NUMBER = Protected(f"+86{PHONE}", "phone")


def queue(text: str = "您的验证码 123456") -> Outgoing:
    return services.queue_sms(number=NUMBER, text=text, about="code", life=LIFE)


@pytest.fixture
def gateway_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A gateway that does not answer while the event is set; what it was given stands in no error."""
    away = threading.Event()

    def post(url: str, **more: Any) -> tuple[int, bytes]:
        if away.is_set():
            raise httpcore.ConnectError(f"no route to +86{PHONE}")
        return 200, b""

    monkeypatch.setattr(settings, "HEGUI_SMS_URL", "https://gateway.example/send")
    monkeypatch.setattr(gateway, "post", post)
    away.set()
    return away


def test_what_is_rolled_back_is_not_sent(
    world: World, sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_soon", lambda: None)
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert services.send_due() == 0
    queue()
    assert services.send_due() == 1
    assert sent == [(f"+86{PHONE}", "您的验证码 123456")]


def test_a_gateway_that_is_away_gets_it_when_it_is_back_once(
    world: World, gateway_away: threading.Event, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    message = queue()
    assert services.send_due() == 0
    message.refresh_from_db()
    assert (message.state, message.attempts, message.error) == ("waiting", 1, "ServiceAway")
    assert services.send_due() == 0, "not before its pause is over"
    message.refresh_from_db()
    assert message.attempts == 1
    gateway_away.clear()
    clock.shift(21)
    assert (services.send_due(), services.send_due()) == (1, 0)
    assert PHONE not in caplog.text


def test_after_its_time_it_is_given_up_and_the_admins_are_notified(
    world: World, gateway_away: threading.Event, clock: Any
) -> None:
    message = queue()
    for _each in range(40):
        services.send_due()
        clock.shift(30)
    message.refresh_from_db()
    assert message.state == "given_up"
    assert Notice.objects.filter(code="message_given_up", recipient__role="admin").exists()


class Answers:
    """A gateway that answers as the test says, and keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: int | Exception) -> None:
        self.keys: list[str] = []
        self.answer = answer
        monkeypatch.setattr(settings, "HEGUI_SMS_URL", "https://gateway.example/send")
        monkeypatch.setattr(gateway, "post", self._post)

    def _post(self, url: str, **more: Any) -> tuple[int, bytes]:
        self.keys.append(more["headers"]["Idempotency-Key"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, b""


@pytest.mark.parametrize(
    ("answer", "tries", "state"),
    [
        (422, 1, "given_up"), (400, 1, "given_up"), (httpcore.ReadTimeout("x"), 3, "given_up"),
        (httpcore.ReadError("x"), 3, "given_up"),
        (429, 6, "waiting"), (401, 6, "waiting"), (500, 6, "waiting"), (302, 6, "waiting"),
        (httpcore.ConnectTimeout("x"), 6, "waiting"),
    ],
)  # fmt: skip
def test_what_is_refused_is_not_repeated_and_what_may_have_arrived_not_often(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch, answer: int | Exception, tries: int, state: str
) -> None:
    """A gateway that takes the message and answers late must not send it fifty times; each try is the same
    message to it."""
    asked = Answers(monkeypatch, answer)
    message = services.queue_sms(number=NUMBER, text="x", about="copy", life=timedelta(days=2))
    for _each in range(6):
        services.send_due()
        clock.shift(timedelta(hours=1))
    message.refresh_from_db()
    assert (message.state, message.attempts, asked.keys) == (state, tries, [f"hegui-{message.pk}"] * tries)


def test_what_a_lease_left_no_time_for_loses_no_attempt(
    world: World, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(monkeypatch, 200)
    monkeypatch.setattr(outbox, "_soon", lambda: None)
    queue(), queue()
    send = outbox._send

    def slowly(message: Outgoing) -> None:
        clock.shift(outbox.LEASE)
        send(message)

    monkeypatch.setattr(outbox, "_send", slowly)
    assert services.send_due() == 2
    assert list(Outgoing.objects.values_list("state", "attempts")) == [("sent", 1)] * 2


def test_a_web_process_sends_what_ends_first_and_not_everybody_s_messages(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked = Answers(monkeypatch, 200)

    def away(*args: Any, **named: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(outbox.current_app, "send_task", away)
    for _each in range(10):
        services.queue_sms(number=NUMBER, text="x", about="incident", life=timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        code = queue()
    assert asked.keys[0] == f"hegui-{code.pk}"
    assert len(asked.keys) <= outbox.SENT_AT_ONCE


def test_a_long_list_is_sent_in_turns_and_what_ends_first_goes_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Answers(monkeypatch, 200)
    monkeypatch.setattr(outbox, "_soon", lambda: None)
    monkeypatch.setattr(outbox, "LONGEST_RUN", -1.0)
    notices = [
        services.queue_sms(number=NUMBER, text="x", about="incident", life=timedelta(days=2))
        for _each in range(outbox.AT_ONCE)
    ]
    code = queue()
    assert services.send_due() == outbox.AT_ONCE, "then others have their turn"
    assert asked.keys[0] == f"hegui-{code.pk}"
    assert services.send_due() == 1
    assert len(set(asked.keys)) == len(notices) + 1


def test_admins_and_officers_hear_of_given_up_messages_once_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    Answers(monkeypatch, 422)
    people = User.objects.filter(role__in=["admin", "compliance"], is_active=True).count()
    for _each in range(3):
        queue()
        services.send_due()
    assert Notice.objects.filter(code="message_given_up").count() == people
    clock.shift(timedelta(hours=1, seconds=1))
    queue()
    services.send_due()
    assert Notice.objects.filter(code="message_given_up").count() == 2 * people


@pytest.mark.parametrize(("code", "state"), [("550 no such mailbox", "given_up"), ("451 later", "waiting")])
def test_a_mailbox_that_is_none_is_not_tried_for_two_days(
    people: World, inbox: list[Any], refused: list[str], code: str, state: str
) -> None:
    refused.append(code)
    message = services.queue_mail(person=people.people["admin"], subject="x", text="y", about="notices")
    services.send_due()
    message.refresh_from_db()
    assert message.state == state


@pytest.mark.parametrize("state", ["sent", "given_up"])
def test_nothing_of_it_is_kept_once_it_is_over(world: World, sent: list[tuple[str, str]], state: str) -> None:
    message = queue()
    if state == "given_up":
        Outgoing.objects.filter(pk=message.pk).delete()
        message = queue()
        outbox._give_up(message)
    message.refresh_from_db()
    assert (message.number, message.text) == (None, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outgoing.objects.filter(pk=message.pk).update(text=Protected("x", "text"))


def test_number_and_text_are_encrypted_while_it_waits(world: World, gateway_away: threading.Event) -> None:
    queue()
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(o)::text from notifications_outgoing o")
        (row,) = cursor.fetchone()
    assert PHONE not in row
    assert "123456" not in row


# -- e-mails


@pytest.fixture
def refused() -> list[str]:
    """What the mail server answers to every recipient, where a test puts it there."""
    return []


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch, refused: list[str]) -> Iterator[list[Any]]:
    """A real SMTP server on loopback; what it received."""
    received: list[Any] = []

    class Keeps:
        async def handle_RCPT(
            self, server: Any, session: Any, envelope: Any, address: str, options: Any
        ) -> str:
            if refused:
                return refused[0]
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            received.append(envelope)
            return "250 OK"

    server = Controller(Keeps(), hostname="127.0.0.1", port=free_port())
    server.start()
    for name, value in {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": server.port,
        "EMAIL_USE_TLS": False, "EMAIL_HOST_USER": "", "HEGUI_URL": "https://hegui.example",
    }.items():  # fmt: skip
        monkeypatch.setattr(settings, name, value)
    monkeypatch.setattr(outbox, "_soon", outbox.send_due)
    yield received
    server.stop()


def text_of(envelope: Any) -> str:
    import email
    from email import policy

    message = email.message_from_bytes(envelope.content, policy=policy.default)
    return f"{message['subject']}\n{message.get_content()}"


@pytest.fixture
def people(world: World) -> World:
    for name in ("admin", "compliance", "supervisor"):
        world.people[name].email = f"{name}@hegui.example"
        world.people[name].save()
    return world


@pytest.mark.parametrize("code", sorted(rules.URGENT))
def test_each_urgent_notice_arrives_at_once_and_once(people: World, inbox: list[Any], code: str) -> None:
    if code not in SENTENCES:
        pytest.fail(f"{code} is no notice")
    facts = dict.fromkeys(re.findall(r"%\((\w+)\)s", str(SENTENCES[code])), "x") | dict.fromkeys(
        rules.ABOUT_PEOPLE, "王小明"
    )
    notify([people.people["admin"]], code, **facts)
    assert (services.mail_now(), services.mail_now()) == (1, 0)
    (envelope,) = inbox
    assert envelope.rcpt_tos == ["admin@hegui.example"]
    assert "王小明" not in text_of(envelope), "no personal data"
    assert "https://hegui.example/inbox/" in text_of(envelope)


def test_the_others_come_together_in_the_morning(people: World, inbox: list[Any]) -> None:
    for number in range(3):
        notify([people.people["compliance"]], "request_received", request=f"rq_{number}", due="2026-12-15")
    assert services.mail_now() == 0
    assert (services.mail_in_the_morning(), services.mail_in_the_morning()) == (1, 0)
    (envelope,) = inbox
    assert all(f"rq_{number}" in text_of(envelope) for number in range(3))


def test_a_notice_without_its_facts_stops_nobody_s_mail(people: World, inbox: list[Any]) -> None:
    """A sentence that gained a fact by an upgrade, for a notice written before."""
    code = next(code for code in sorted(rules.URGENT) if "%(" in str(SENTENCES[code]))
    notify([people.people["compliance"]], code)
    facts = dict.fromkeys(re.findall(r"%\((\w+)\)s", str(SENTENCES[code])), "x")
    notify([people.people["admin"], people.people["compliance"]], code, **facts)
    assert services.mail_now() == 2
    assert {envelope.rcpt_tos[0] for envelope in inbox} == {"admin@hegui.example", "compliance@hegui.example"}


def test_a_person_chooses(people: World, inbox: list[Any], browse: Any) -> None:
    def sent(mode: str) -> tuple[int, int]:
        answer = browse("compliance").post("/inbox/mail/", {"mode": mode})
        assert answer.status_code == 302
        notify([people.people["compliance"]], "request_overdue", request="rq_1")
        notify([people.people["compliance"]], "request_due", request="rq_1", days=2)
        counts = services.mail_now(), services.mail_in_the_morning()
        Notice.objects.update(read_at="2026-11-24T00:00:00Z")
        return counts

    assert [sent(mode) for mode in ("as_set", "at_once", "digest", "off")] == [(1, 1), (1, 0), (0, 1), (0, 0)]
    with pytest.raises(BadInput):
        services.choose_mails(actor=people.people["compliance"], mode="never")


def test_who_has_read_it_or_left_or_has_no_address_gets_none(people: World, inbox: list[Any]) -> None:
    notify([people.people["agent"]], "request_overdue", request="rq_1")
    notify([people.people["supervisor"]], "request_overdue", request="rq_1")
    people.people["supervisor"].is_active = False
    people.people["supervisor"].save()
    notify([people.people["compliance"]], "request_overdue", request="rq_1")
    Notice.objects.filter(recipient=people.people["compliance"]).update(read_at="2026-11-24T00:00:00Z")
    assert services.mail_now() == 0
    assert inbox == []


def test_a_mail_to_somebody_who_left_meanwhile_was_not_sent(
    people: World, inbox: list[Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(settings, "EMAIL_PORT", free_port())
        notify([people.people["supervisor"]], "backup_old")
        services.mail_now()
    User.objects.filter(username="supervisor").update(is_active=False)
    clock.shift(30)
    assert services.send_due() == 0
    assert inbox == []
    message = Outgoing.objects.get()
    assert (message.state, message.error, message.text) == ("given_up", "RecipientLeft", None)
    assert not Notice.objects.filter(code="message_given_up").exists()


def test_a_mail_server_that_is_away_gets_it_later(
    people: World, inbox: list[Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(settings, "EMAIL_PORT", free_port())
        notify([people.people["admin"]], "backup_old")
        assert services.mail_now() == 1
    assert Outgoing.objects.get().state == "waiting"
    assert inbox == []
    clock.shift(30)
    assert services.send_due() == 1
    assert len(inbox) == 1


def test_every_notice_that_is_mailed_is_one() -> None:
    assert set(SENTENCES) >= rules.BY_MAIL
    assert not rules.URGENT & rules.DAILY


def test_a_server_that_leaves_after_it_was_reached_gets_a_mail_few_times_and_the_same(
    people: World, inbox: list[Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have taken the mail: a mailbox knows it again by its Message-ID."""
    ids: list[str] = []

    def leaves(self: Any, messages: Any) -> int:
        ids.extend(message.message()["Message-ID"] for message in messages)
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.send_messages", leaves)
    message = services.queue_mail(person=people.people["compliance"], subject="x", text="y", about="x")
    for _hour in range(24):
        services.send_due()
        clock.shift(timedelta(hours=1))
    message.refresh_from_db()
    assert message.state == "given_up"
    assert len(ids) == outbox.MOST_PERHAPS
    assert len(set(ids)) == 1
