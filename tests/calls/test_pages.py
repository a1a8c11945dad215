"""Pages of contacts and decisions say what the gate says."""

from typing import Any

from django.urls import reverse

from apps.audit.models import AccessEvent
from apps.calls.gate.rules import RULES
from apps.calls.models import Decision
from tests.world import OTHER_PHONE, PHONE, World


def test_the_page_of_a_decision_shows_every_rule_with_its_verdict(world: World, browse: Any) -> None:
    world.authorize(at="22:00")
    text = (
        browse("compliance")
        .get(reverse("decision", kwargs={"pk": Decision.objects.get().pk}))
        .content.decode()
    )
    assert str(RULES["outside_window"].sentence) in text
    assert "2026-11-25 08:00" in text
    for code, rule in RULES.items():
        assert code not in text, "people read names, programs codes"
        assert code == "outside_window" or str(rule.name) in text
        assert str(rule.law) in text


def test_a_reader_of_english_reads_laws_by_their_english_names(world: World, browse: Any) -> None:
    world.authorize(at="22:00")
    decision = Decision.objects.get().pk
    text = (
        browse("compliance")
        .get(reverse("decision", kwargs={"pk": decision}), headers={"accept-language": "en"})
        .content.decode()
    )
    assert "Advertising Law, article 43 (《广告法》第43条)" in text
    assert "calling hours (R11)" in text


def test_the_page_of_a_contact_says_whether_it_may_be_called(world: World, browse: Any) -> None:
    page = reverse("contact", kwargs={"pk": world.contact.pk})
    client = browse("agent")
    assert 'data-gate="allow"' in client.get(page).content.decode()
    world.opt_out()
    text = client.get(page).content.decode()
    assert 'data-gate="refuse"' in text
    assert str(RULES["opted_out"].sentence) in text
    assert PHONE not in text


def test_looking_at_a_contact_is_in_the_trail(world: World, browse: Any) -> None:
    browse("supervisor").get(reverse("contact", kwargs={"pk": world.contact.pk}))
    event = AccessEvent.objects.get(kind="viewed")
    assert (event.kind, event.actor, event.subject) == (
        "viewed",
        world.people["supervisor"],
        world.contact.public_id,
    )


def test_the_exact_search_finds_by_the_whole_number_and_keeps_it_out_of_the_address(
    world: World, browse: Any
) -> None:
    client = browse("agent")
    found = client.post(reverse("contact_search"), {"number": "+86 138-0000-1234"})
    assert found.headers["Location"] == reverse("contact", kwargs={"pk": world.contact.pk})
    for miss in (OTHER_PHONE, "1380000123", "138", "x"):
        assert client.post(reverse("contact_search"), {"number": miss}).headers["Location"] == reverse(
            "contacts"
        )
    assert AccessEvent.objects.filter(kind="searched").count() == 5


def test_the_list_filters(world: World, browse: Any) -> None:
    world.add_contact(OTHER_PHONE, consent=False, tags=["VIP"])
    client = browse("supervisor")
    for query, shown, hidden in (
        ("tag=VIP", "139****5678", "138****1234"),
        ("consent=true", "138****1234", "139****5678"),
    ):
        text = client.get(f"{reverse('contacts')}?{query}").content.decode()
        assert shown in text
        assert hidden not in text


def test_the_list_pages_by_key(world: World, browse: Any) -> None:
    for number in range(60):
        world.add_contact(f"1390000{number:04}")
    client = browse("supervisor")
    first = client.get(reverse("contacts"))
    assert first.content.decode().count("139****") == 50
    second = client.get(f"{reverse('contacts')}?{first.context['page'].next_query}")
    assert second.content.decode().count("139****") == 10


def test_the_list_asks_the_same_number_of_queries_for_many_rows(
    world: World, browse: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        world.add_contact(f"1390000{number:04}")
    client = browse("supervisor")
    client.get(reverse("contacts"))
    with django_assert_max_num_queries(12):
        client.get(reverse("contacts"))


def test_asking_how_the_desk_stands_writes_nothing(world: World, browse: Any) -> None:
    client = browse("agent")
    client.post(reverse("desk_next"))
    known = client.get(reverse("desk")).context["known"]
    events = AccessEvent.objects.count()
    assert client.get(reverse("desk_state"), {"known": known}).status_code == 204
    world.opt_out()
    moved = client.get(reverse("desk_state"), {"known": known})
    assert "desk-moved" in moved.headers["HX-Trigger"]
    assert AccessEvent.objects.count() == events


def test_a_page_that_is_not_there_is_a_page(world: World, browse: Any) -> None:
    answer = browse("agent").get("/no-such-page/")
    assert answer.status_code == 404
    assert "<nav" in answer.content.decode()


def test_the_other_language(world: World, browse: Any) -> None:
    client = browse("agent")
    client.post("/i18n/setlang/", {"language": "en", "next": "/desk/"})
    client.post(reverse("desk_next"))
    assert "The client opts out" in client.get(reverse("desk")).content.decode()


def test_looking_at_the_desk_takes_nothing_from_the_queue(world: World, browse: Any) -> None:
    client = browse("agent")
    assert 'data-stage="empty"' in client.get(reverse("desk")).content.decode()
    assert world.queue_entry().state == "waiting"
    assert client.post(reverse("desk_next")).headers["Location"] == reverse("desk")
    assert 'data-stage="contact"' in client.get(reverse("desk")).content.decode()
    assert world.queue_entry().state == "held"


def test_a_desk_that_stays_empty_does_not_ask_at_once_again(world: World, browse: Any) -> None:
    world.opt_out()
    client = browse("agent")
    answer = client.post(reverse("desk_next"), follow=True)
    text = answer.content.decode()
    assert 'hx-trigger="submit"' in text
    assert 'hx-trigger="submit, load"' in client.get(reverse("desk")).content.decode()
