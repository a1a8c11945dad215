"""The search box of the shell: numbers, ids, names; and nothing of what is not the viewer's."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AccessEvent
from apps.console.navigation import LINKS
from apps.console.search_words import DUTIES_OF, WORDS
from apps.core.duties import DUTIES
from tests.world import PHONE, World

Browse = Callable[[str], Client]


def look(client: Client, words: str) -> Any:
    return client.post(reverse("search"), {"words": words})


def leads_to(client: Client, words: str) -> str:
    answer = look(client, words)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def hits(client: Client, words: str) -> list[str]:
    answer = client.post(reverse("search"), {"words": words}, follow=True)
    assert answer.status_code == 200
    return re.findall(r'list-group-item-action d-flex"\s+href="([^"]+)"', answer.content.decode())


@pytest.mark.parametrize("words", [PHONE, f"+86 {PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}", "１３８" + PHONE[3:]])
def test_a_whole_number_leads_to_its_contact_and_stands_in_no_address(
    world: World, browse: Browse, words: str
) -> None:
    assert leads_to(browse("supervisor"), words) == reverse("contact", kwargs={"pk": world.contact.pk})
    assert AccessEvent.objects.filter(kind="searched", subject=world.contact.public_id).exists()


def test_four_digits_lead_to_those_that_end_so(world: World, browse: Browse) -> None:
    answer = look(browse("supervisor"), PHONE[-4:])
    assert world.contact.public_id in answer.content.decode()
    assert PHONE not in answer.content.decode()


def test_who_has_no_contacts_finds_no_number(world: World, browse: Browse) -> None:
    assert hits(browse("admin"), PHONE) == []
    assert leads_to(browse("agent2"), PHONE) == reverse("contacts")  # not of a campaign of theirs


def test_an_id_leads_to_its_page(world: World, browse: Browse) -> None:
    assert (
        leads_to(browse("compliance"), f" {world.contact.public_id.upper()} ")
        == f"/contacts/{world.contact.public_id}/"
    )
    assert (
        leads_to(browse("supervisor"), world.campaign.public_id) == f"/campaigns/{world.campaign.public_id}/"
    )
    assert hits(browse("admin"), world.contact.public_id) == []


@pytest.mark.parametrize(
    "words", ["ct_", "ct_!", "xx_1", "ct_zzzzzzzzzzzzz", "cl_1", "' or 1=1 --", "%", "_"]
)
def test_what_is_no_id_is_a_name_that_nothing_has(world: World, browse: Browse, words: str) -> None:
    assert [url for url in hits(browse("agent"), words) if "ct_" in url] == []


def test_names_are_found_where_the_viewer_may_follow(world: World, browse: Browse) -> None:
    other = world.running_campaign("spring-two", agents=())
    assert set(hits(browse("compliance"), "spring")) >= {
        f"/campaigns/{world.campaign.public_id}/",
        f"/campaigns/{other.public_id}/",
    }
    assert not any(other.public_id in url for url in hits_or_one(browse("agent"), "spring"))
    assert f"/people/{world.people['agent'].pk}/" in hits(browse("admin"), "agent")
    assert not any("/people/" in url for url in hits_or_one(browse("supervisor"), "agent"))


def hits_or_one(client: Client, words: str) -> list[str]:
    answer = look(client, words)
    is_gone_to = answer.status_code == 302 and "?q=" not in answer["Location"]
    return [answer["Location"]] if is_gone_to else hits(client, words)


def test_a_page_is_found_by_its_name_and_one_hit_is_gone_to(world: World, browse: Browse) -> None:
    client = browse("compliance")
    client.cookies["django_language"] = "en"
    assert leads_to(client, "access log") == reverse("trail")
    assert hits(client, "no such thing") == []


@pytest.mark.parametrize("words", ["", "   ", "\x00", "x" * 81])
def test_what_cannot_be_looked_for_shows_the_box(world: World, browse: Browse, words: str) -> None:
    answer = look(browse("compliance"), words)
    assert answer.status_code == 200
    assert 'name="words"' in answer.content.decode()


def test_the_language_is_changed_where_one_is(world: World, browse: Browse) -> None:
    html = browse("compliance").get("/campaigns/?state=running&sort=name").content.decode()
    assert '<input type="hidden" name="next" value="/campaigns/?state=running&amp;sort=name">' in html


def test_words_that_name_something_have_an_address_and_others_have_none(world: World, browse: Browse) -> None:
    client = browse("compliance")
    address = leads_to(client, "s")
    assert address == "/search/?q=s"
    assert client.get(address).status_code == 200
    for words in ("李华华", "agent", PHONE, PHONE[-4:], "\x00a"):
        answer = look(client, words)
        assert "?q=" not in answer.get("Location", ""), words


def test_a_number_in_an_address_is_not_looked_for(world: World, browse: Browse) -> None:
    answer = browse("supervisor").get(reverse("search"), {"q": PHONE})
    assert answer.status_code == 200
    assert not AccessEvent.objects.filter(kind="searched").exists()


def test_a_rule_of_the_check_is_found_by_its_name(world: World, browse: Browse) -> None:
    assert leads_to(browse("compliance"), "承诺保本") == "/rules/guaranteed_return/"


@pytest.mark.parametrize(
    ("words", "page"),
    [("节假日", "policies"), ("holiday", "policies"), ("黑名单", "opt_outs"), ("blacklist", "opt_outs"),
    ("DNC", "opt_outs"),
     ("保存期限", "retention"), ("备份", "backups"), ("拨打次数", "policies"), ("R20", "requests"),
     ("r37", "incidents"),
     ("calling hours", "policies"), ("定时任务", "duties"), ("依法保留", "holds"), ("密码", "mfa_index"),
     ("导入", "contacts")],
)  # fmt: skip
def test_a_page_is_found_by_what_people_call_it(world: World, browse: Browse, words: str, page: str) -> None:
    assert reverse(page) in hits_or_one(browse("compliance"), words)


def test_every_page_of_the_menu_is_called_something(world: World) -> None:
    assert {link.name for link in LINKS} <= WORDS.keys()
    assert {number for numbers in DUTIES_OF.values() for number in numbers} == DUTIES.keys()


def test_what_one_may_not_open_is_not_found(world: World, browse: Browse) -> None:
    assert reverse("api_clients") not in hits_or_one(browse("agent"), "密钥")
    assert reverse("api_clients") in hits_or_one(browse("admin"), "密钥")


def test_a_rule_of_the_gate_is_found_by_its_law(world: World, browse: Browse) -> None:
    found = hits(browse("compliance"), "个人信息保护法")
    assert "/decisions/?code=consent_expired" in found
    assert all("/decisions/" not in url for url in hits(browse("admin"), "个人信息保护法"))
