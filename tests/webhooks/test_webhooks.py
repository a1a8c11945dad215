"""Messages to other systems: signed as Standard Webhooks asks, sent until they arrive, never into the
network."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from standardwebhooks import Webhook, WebhookVerificationError

from apps.accounts import services as accounts
from apps.core.calendar.clock import now
from apps.core.errors import BadInput, HeguiError, NotAllowed
from apps.notifications.models import Notice
from apps.optouts import services as optouts
from apps.scripts import services as scripts
from apps.webhooks import sending, services
from apps.webhooks.models import Delivery, EndPoint, Event, EventKind
from tests.webhooks import receiving
from tests.webhooks.receiving import Receiver, end_point
from tests.world import OTHER_PHONE, PHONE, World

receiver = receiving.receiver  # a fixture


def test_an_opt_out_is_reported_and_a_standard_receiver_verifies_it(world: World, receiver: Receiver) -> None:
    _made, secret = end_point(world, receiver.url)
    entry = optouts.record_opt_out(phone=f"+86{PHONE}", channel="api", evidence="m1")
    assert services.deliver_due() == 1
    ((headers, body),) = receiver.got
    result = Webhook(secret).verify(body, headers)
    assert result["type"] == "opt_out.recorded"
    (row,) = result["data"]["opt_outs"]
    assert row["id"] == entry.public_id
    assert row["hash"] == optouts.changes(client=world.client, after=0)[0].hash
    assert PHONE.encode() not in body


def test_what_was_changed_on_the_way_or_signed_by_others_does_not_verify(
    world: World, receiver: Receiver
) -> None:
    _made, secret = end_point(world, receiver.url)
    world.opt_out()
    services.deliver_due()
    ((headers, body),) = receiver.got
    for key, content in ((secret, body + b" "), (services.new_secret(), body)):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(content, headers)


def test_nothing_is_reported_of_what_did_not_happen(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url)
    with transaction.atomic():
        world.opt_out()
        transaction.set_rollback(True)
    assert services.deliver_due() == 0
    assert not Event.objects.exists()


def test_who_wants_something_else_is_not_reported(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url, EventKind.SCRIPT_RETIRED)
    world.opt_out()
    services.deliver_due()
    assert receiver.got == []


def test_it_is_sent_again_with_longer_waits_under_the_same_id_until_it_is_dead(
    world: World, receiver: Receiver, clock: Any
) -> None:
    end_point(world, receiver.url)
    world.opt_out()
    receiver.answers = [500] * 20
    waits = []
    while Delivery.objects.get().state == "waiting":
        services.deliver_due()
        delivery = Delivery.objects.get()
        waits.append(delivery.next_at - now())
        clock.move_to(delivery.next_at)
    assert len(receiver.got) == len(services.BACK_OFF) + 1
    assert waits[:-1] == services.BACK_OFF
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    assert len({body for _headers, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _body in receiver.got}) == len(receiver.got)
    assert set(
        Notice.objects.filter(code="webhook_given_up").values_list("recipient__role", "facts__answer")
    ) == {("admin", "500")}


def test_what_an_outage_leaves_is_one_notice(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url)
    for number in (PHONE, OTHER_PHONE):
        world.opt_out(number, evidence=f"call:{number}")
    Delivery.objects.update(attempts=len(services.BACK_OFF))
    receiver.answers = [500] * 20
    services.deliver_due()
    assert Delivery.objects.filter(state="dead").count() == 2
    assert Notice.objects.filter(code="webhook_given_up").values("created_at").distinct().count() == 1


def test_what_a_lease_left_no_time_for_loses_no_attempt(
    world: World, receiver: Receiver, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is claimed again, as often as it takes."""
    end_point(world, receiver.url)
    for number in (PHONE, OTHER_PHONE):
        world.opt_out(number, evidence=f"call:{number}")
    deliver = services._deliver

    def slowly(delivery: Delivery) -> bool:
        clock.shift(services.LEASE)
        return deliver(delivery)

    monkeypatch.setattr(services, "_deliver", slowly)
    assert services.deliver_due() == 2
    assert list(Delivery.objects.values_list("state", "attempts")) == [("done", 1)] * 2


def test_a_dead_one_can_be_sent_again(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url)
    world.opt_out()
    with pytest.raises(HeguiError):
        services.send_again(actor=world.people["admin"], delivery=Delivery.objects.get())
    Delivery.objects.update(state="dead", attempts=10)
    assert services.deliver_due() == 0
    services.send_again(actor=world.people["admin"], delivery=Delivery.objects.get())
    assert services.deliver_due() == 1
    assert Delivery.objects.get().state == "done"


def test_all_that_was_given_up_is_sent_again_after_an_outage(
    world: World, receiver: Receiver, browse: Any
) -> None:
    (made, _secret), (other, _other) = (
        end_point(world, receiver.url),
        end_point(world, receiver.url, name="erp"),
    )
    for number in range(3):
        world.opt_out(f"1380013800{number}", evidence=f"call:{number}")
    Delivery.objects.update(state="dead", attempts=10)
    Delivery.objects.filter(pk=Delivery.objects.filter(end_point=made).first().pk).update(state="done")  # type: ignore[union-attr]
    admin = browse("admin")
    admin.post(f"/webhooks/{made.pk}/again/")
    assert sorted(made.deliveries.values_list("state", "attempts")) == [
        ("done", 10),
        ("waiting", 0),
        ("waiting", 0),
    ]
    assert set(other.deliveries.values_list("state", flat=True)) == {"dead"}
    assert services.deliver_due() == 2
    shown = admin.get(f"/webhooks/{other.pk}/?state=waiting").content.decode()
    assert f"/webhooks/{other.pk}/again/" in shown
    assert "/webhooks/deliveries/" not in shown
    with pytest.raises(NotAllowed):
        services.send_all_again(actor=world.people["compliance"], end_point=other)


def test_opt_outs_and_deletions_travel_first(world: World, receiver: Receiver) -> None:
    end_point(
        world, receiver.url, EventKind.SCRIPT_APPROVED, EventKind.OPT_OUT_RECORDED, EventKind.CONTACT_ERASED
    )
    for kind in (EventKind.SCRIPT_APPROVED, EventKind.CONTACT_ERASED):
        services.emit(kind, {})
    world.opt_out()
    services.deliver_due()
    assert [json.loads(body)["type"] for _headers, body in receiver.got] == [
        "contact.erased",
        "opt_out.recorded",
        "script.approved",
    ]


def test_a_silent_end_point_does_not_hold_up_the_others(world: World, receiver: Receiver) -> None:
    end_point(world, "http://127.0.0.1:1/hook", name="silent")
    end_point(world, receiver.url)
    for number in range(3):
        optouts.record_opt_out(phone=f"+86{PHONE}", channel="api", evidence=f"m{number}")
    services.emit(EventKind.OPT_OUT_RECORDED, {"opt_outs": []})
    services.deliver_due()
    assert len(receiver.got) == 4
    silent = Delivery.objects.filter(end_point__name="silent").order_by("pk")
    assert sum(delivery.attempts for delivery in silent) == 1


@pytest.fixture
def dripping(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A receiver that sends a byte of its headers now and then, for ever."""
    monkeypatch.setattr(settings, "HEGUI_WEBHOOK_NETWORKS", ["127.0.0.1/32"])
    monkeypatch.setattr(settings, "DEMO", True)
    monkeypatch.setattr(sending, "ALL_SECONDS", 0.6)
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            link, _address = listener.accept()
            with link:
                link.recv(65_536)
                link.sendall(b"HTTP/1.1 200 OK\r\nx: ")
                while not over.wait(0.05):
                    link.sendall(b"a")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        over.set()
    thread.join(5)


def test_a_receiver_that_drips_holds_nobody(world: World, dripping: str) -> None:
    end_point(world, dripping)
    world.opt_out()
    assert services.deliver_due() == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.answer) == ("waiting", "ReadTimeout")


def test_an_event_that_cannot_be_reported_is_set_aside_and_those_behind_it_go_on(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_point(world, receiver.url, EventKind.OPT_OUT_RECORDED, EventKind.SCRIPT_RETIRED)
    services.emit(EventKind.SCRIPT_RETIRED, {"script": 1})
    services.emit(EventKind.SCRIPT_RETIRED, {"script": 2})

    def render(facts: dict[str, Any], client: Any) -> dict[str, Any]:
        with connection.cursor() as cursor:  # a failed statement ends a transaction that is not guarded
            cursor.execute("select 1 / %s", [facts["script"] - 1])
        return facts

    monkeypatch.setitem(services.RENDERERS, EventKind.SCRIPT_RETIRED, render)
    assert services.deliver_due() == 1
    first, second = Delivery.objects.order_by("pk")
    assert (first.state, first.answer) == ("dead", "not rendered: DataError")
    assert second.state == "done"
    assert Notice.objects.filter(code="webhook_set_aside", recipient__role="admin").exists()
    monkeypatch.delitem(services.RENDERERS, EventKind.SCRIPT_RETIRED)
    services.send_again(actor=world.people["admin"], delivery=first)
    assert services.deliver_due() == 1


def test_a_slow_receiver_does_not_stand_before_the_others(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_point(world, receiver.url)
    world.opt_out(PHONE, evidence="call:1")
    world.opt_out(OTHER_PHONE, evidence="call:2")
    monkeypatch.setattr(services, "SLOW", -1.0)
    assert services.deliver_due() == 1, "the second one waits for the next round"
    assert Delivery.objects.filter(state="waiting", attempts=0).count() == 1


def test_a_new_secret_overlaps_with_the_one_before(world: World, receiver: Receiver, clock: Any) -> None:
    made, old = end_point(world, receiver.url)
    _made, new = services.rotate_secret(actor=world.people["admin"], end_point=made)
    world.opt_out()
    services.deliver_due()
    headers, body = receiver.got[-1]
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    clock.shift(timedelta(days=1, seconds=1))
    services.emit(EventKind.OPT_OUT_RECORDED, {"opt_outs": []})
    services.deliver_due()
    headers, body = receiver.got[-1]
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


def test_who_answers_410_is_not_reported_any_more(world: World, receiver: Receiver) -> None:
    made, _secret = end_point(world, receiver.url)
    receiver.answers = [410]
    world.opt_out()
    services.deliver_due()
    made.refresh_from_db()
    assert (made.is_active, made.ended_because) == (False, "410 Gone")


def test_redirects_are_not_followed(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url)
    receiver.answers = [302]
    world.opt_out()
    assert services.deliver_due() == 0
    assert (Delivery.objects.get().state, Delivery.objects.get().answer, len(receiver.got)) == (
        "waiting",
        "302",
        1,
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:127.0.0.1]/hook",
        "https://[::127.0.0.1]/hook",
        "https://[64:ff9b::7f00:1]/hook",
        "https://[64:ff9b::10.1.2.3]/hook",
        "https://[64:ff9b:1::8.8.8.8]/hook",
        "https://[2002:7f00:1::]/hook",
        "https://[2002:c0a8:101::1]/hook",
        "https://[2001:0:7f00:1:8000:63bf:3fff:fdd2]/hook",
        "https://[fec0::1]/hook",
        "https://10.1.2.3/hook",
        "https://172.16.0.1/hook",
        "https://192.168.1.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/hook",
        "https://0.0.0.0/hook",
        "https://224.0.0.1/hook",
        "https://localhost/hook",
        "https://intranet/hook",
        "https://user:word@example.com/hook",
        "ftp://example.com/hook",
        "https:///hook",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:0/",
        "https://钩子.example.com/",
        "https://[hooks/",
    ],
)
def test_no_address_inside_the_network_is_taken(world: World, url: str) -> None:
    with pytest.raises(BadInput):
        end_point(world, url)


def test_a_name_is_judged_by_what_it_stands_for_when_it_is_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_point(world, "https://hooks.example.com/hook")
    monkeypatch.setattr(
        sending.socket,
        "getaddrinfo",
        lambda *_a, **_k: [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))],
    )
    world.opt_out()
    services.deliver_due()
    assert Delivery.objects.get().answer == "AddressRefused"


def test_own_networks_are_reached_by_https_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HEGUI_WEBHOOK_NETWORKS", ["10.0.0.0/8"])
    end_point(world, "https://10.1.2.3/hook")
    with pytest.raises(BadInput):
        end_point(world, "http://10.1.2.3/hook", name="plain")


def test_only_admins_manage_end_points(world: World, receiver: Receiver) -> None:
    for role in ("agent", "supervisor", "compliance"):
        with pytest.raises(NotAllowed):
            services.add_end_point(
                actor=world.people[role],
                name="x",
                client=world.client,
                url=receiver.url,
                kinds=[EventKind.OPT_OUT_RECORDED],
            )


def test_a_suspended_agent_and_a_retired_script_are_notified(world: World, receiver: Receiver) -> None:
    end_point(world, receiver.url, EventKind.AGENT_SUSPENDED, EventKind.SCRIPT_RETIRED)
    accounts.suspend(actor=world.people["supervisor"], agent=world.people["agent"], reason="违规")
    scripts.retire(actor=world.people["compliance"], version=world.script.versions.get())
    services.deliver_due()
    assert [json.loads(body)["type"] for _headers, body in receiver.got] == [
        "agent.suspended",
        "script.retired",
    ]


def test_the_pages_of_an_admin(world: World, receiver: Receiver, browse: Any) -> None:
    admin = browse("admin")
    answer = admin.post(
        "/webhooks/new/",
        {"name": "crm", "client": world.client.pk, "url": "https://10.0.0.1/", "kinds": ["opt_out.recorded"]},
    )
    assert answer.status_code == 200
    assert not EndPoint.objects.exists()
    answer = admin.post(
        "/webhooks/new/",
        {"name": "crm", "client": world.client.pk, "url": receiver.url, "kinds": ["opt_out.recorded"]},
    )
    made = EndPoint.objects.get()
    assert "whsec_" in answer.content.decode()
    assert "whsec_" not in admin.get(f"/webhooks/{made.pk}/").content.decode()
    world.opt_out()
    Delivery.objects.update(state="dead")
    assert (
        f"/webhooks/deliveries/{Delivery.objects.get().pk}/again/"
        in admin.get(f"/webhooks/{made.pk}/").content.decode()
    )
    admin.post(f"/webhooks/deliveries/{Delivery.objects.get().pk}/again/")
    assert Delivery.objects.get().state == "waiting"
    admin.post(f"/webhooks/{made.pk}/end/")
    assert not EndPoint.objects.get().is_active


@pytest.mark.parametrize("ended", ["inactive", "over", "owner"])
def test_who_may_not_ask_is_told_nothing(world: World, receiver: Receiver, ended: str) -> None:
    end_point(world, receiver.url)
    optouts.record_opt_out(phone=f"+86{PHONE}", channel="api", evidence="m1")
    if ended == "owner":
        type(world.client.owner).objects.filter(pk=world.client.owner_id).update(is_active=False)
    else:
        changed = {"is_active": False} if ended == "inactive" else {"ends_at": now()}
        type(world.client).objects.filter(pk=world.client.pk).update(**changed)
    assert services.deliver_due() == 0
    optouts.record_opt_out(phone="+8613900000009", channel="api", evidence="m2")
    assert services.deliver_due() == 0
    assert receiver.got == []
    assert Delivery.objects.count() == 1  # of the first, from before


def test_a_run_gives_others_their_turn(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_point(world, receiver.url)
    for number in range(3):
        optouts.record_opt_out(phone=f"+861390000000{number}", channel="api", evidence=f"m{number}")
    with monkeypatch.context() as bounded:
        bounded.setattr(services, "LONGEST_RUN", -1.0)
        assert services.deliver_due() == 0
    assert set(Delivery.objects.values_list("state", "attempts")) == {("waiting", 0)}
    assert services.deliver_due() == 3


def test_a_receiver_that_does_not_answer_is_asked_one_thing_at_a_time(
    world: World, receiver: Receiver, clock: Any
) -> None:
    end_point(world, "http://127.0.0.1:9/hook")
    for number in range(4):
        optouts.record_opt_out(phone=f"+861390000000{number}", channel="api", evidence=f"m{number}")
    assert services.deliver_due() == 0
    assert services.deliver_due() == 0
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1]
    clock.shift(31)
    assert services.deliver_due() == 0
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 2
