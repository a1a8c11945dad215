"""Lists as a person wants them: sorted by a column, without some columns, with filters under a name."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

import config.urls  # noqa: F401  (every list is known once the pages are)
from apps.core.errors import BadInput, NotFound, PersonalDataFound
from apps.core.privacy.fields import protected_fields
from apps.ui import services
from apps.ui.list_tables import LISTS, ListTable
from apps.ui.models import ListChoice, SavedFilter
from tests.world import World

Browse = Callable[[str], Client]
WHO = {"people": "admin", "api_clients": "admin", "end_points": "admin"}


def change(client: Client, list_name: str, step: str, **fields: object) -> str:
    """Where it leads."""
    answer = client.post(reverse("list_change", kwargs={"list_name": list_name, "step": step}), fields)
    assert answer.status_code == 302
    return answer["Location"]


def html_of(client: Client, name: str, query: str = "") -> str:
    answer = client.get(reverse(name) + query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_is_sorted_by_each_of_its_columns(world: World, browse: Browse, name: str) -> None:
    table, client = LISTS[name], browse(WHO.get(name, "compliance"))
    assert set(table.sortable) <= set(table.base_columns)
    for column in table.sortable:
        for way in ("", "-"):
            html = html_of(client, name, f"?sort={way}{column}")
            assert html.count("aria-sort=") == (1 if "<table" in html else 0)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_choice_of_every_filter_is_answered(world: World, browse: Browse, name: str) -> None:
    client = browse(WHO.get(name, "compliance"))
    answer = client.get(reverse(name))
    form = re.search(r'<form class="filters [^>]*method="get">.*?</form>', answer.content.decode(), re.DOTALL)
    fields = re.findall(
        r'<(select|input)[^>]*?name="(\w+)"(.*?)(?=<select|<input|</form>)',
        form[0] if form else "",
        re.DOTALL,
    )
    asked = answer.context["filter"]
    assert {name.removesuffix("_0") for _kind, name, _rest in fields} >= (
        set(asked.form.fields) if asked else set()
    )
    for kind, field, rest in fields:
        if kind == "select":
            assert re.search(r'<option value=""( selected)?>', rest), f"{field} chooses something by itself"
        choices = (
            [each for each in re.findall(r'<option value="([^"]+)"', rest) if each]
            if kind == "select"
            else ["x", "2026-11-24"]
        )
        for choice in choices:
            html_of(client, name, f"?{urlencode({field: choice})}")


def test_what_cannot_be_seen_is_left_out_of_a_name(world: World, browse: Browse) -> None:
    client = browse("compliance")
    change(client, "campaigns", "save", name="a\x00 \u200bb", query="state=running&name=%00")
    assert SavedFilter.objects.get().name == "a b"
    change(client, "campaigns", "forget", name="a\x00\tb")
    assert not SavedFilter.objects.exists()


def test_there_are_lists() -> None:
    assert len(LISTS) >= 15


def _tables(of: type[ListTable]) -> list[type[ListTable]]:
    return [each for table in of.__subclasses__() for each in (table, *_tables(table))]


def test_nothing_is_sorted_by_what_a_mask_hides() -> None:
    for table in _tables(ListTable):
        hidden = set(protected_fields(table._meta.model)) if table._meta.model else set()
        assert not hidden & {path.split("__")[0] for path in table.sortable.values()}, table


def test_a_head_leads_to_the_list_sorted_and_keeps_the_filter(world: World, browse: Browse) -> None:
    world.running_campaign("autumn")
    client = browse("compliance")
    html = html_of(client, "campaigns", "?state=running&after=999")
    assert 'href="?state=running&amp;sort=name"' in html
    names = re.findall(r'href="/campaigns/cp_\w+/">([^<]*)<', html_of(client, "campaigns", "?sort=name"))
    assert len(names) > 1
    down = html_of(client, "campaigns", "?sort=-name")
    assert re.findall(r'href="/campaigns/cp_\w+/">([^<]*)<', down) == names[::-1]
    assert '<th scope="col" aria-sort="descending"><a class="sorts" href="?sort=name">' in down
    assert '<input type="hidden" name="sort" value="-name">' in down  # the filter keeps the order


@pytest.mark.parametrize("sort", ["nothing", "--name", "phone", "name__x", "-"])
def test_an_order_that_there_is_not_is_none(world: World, browse: Browse, sort: str) -> None:
    client = browse("compliance")
    usual = re.findall(r'href="/contacts/(ct_\w+)/"', html_of(client, "contacts"))
    assert re.findall(r'href="/contacts/(ct_\w+)/"', html_of(client, "contacts", f"?sort={sort}")) == usual


def test_a_saved_filter_is_one_click_away_and_only_its_owner_s(world: World, browse: Browse) -> None:
    client = browse("compliance")
    back = change(
        client, "campaigns", "save", name="  Running  now ", query="state=running&name=&sort=-name&after=7"
    )
    assert back == reverse("campaigns") + "?state=running&sort=-name"
    html = html_of(client, "campaigns", "?state=running&name=&sort=-name")
    assert re.search(
        r'btn-primary"\s+href="\?state=running&amp;sort=-name"\s+aria-current="true">Running now</a>', html
    )
    assert "Running now" in html_of(client, "campaigns", "?state=ended")  # also where nothing is like this
    assert "Running now" not in html_of(client, "scripts")
    assert "Running now" not in html_of(browse("supervisor"), "campaigns")
    change(client, "campaigns", "save", name="Running now", query="state=ended")
    assert list(SavedFilter.objects.values_list("name", "query")) == [("Running now", "state=ended")]
    change(browse("supervisor"), "campaigns", "forget", name="Running now")
    assert SavedFilter.objects.exists()
    change(client, "campaigns", "forget", name="Running now")
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize(
    ("name", "query", "why"),
    [
        ("", "state=running", "Give the filter a name."),
        ("\x00\n", "state=running", "Give the filter a name."),
        ("x", "state=&after=3", "Nothing is chosen: filter or sort the list first."),
        ("x" * 41, "state=running", "A name has at most 40 signs; what is chosen, 1000."),
        ("x", "name=" + "x" * 1_000, "A name has at most 40 signs; what is chosen, 1000."),
        (
            "110101199003070732",
            "state=running",
            "This holds a resident-ID or bank-card number. It is not kept.",
        ),
        ("x", "name=110101199003070732", "This holds a resident-ID or bank-card number. It is not kept."),
    ],
)
def test_a_filter_that_cannot_be_kept_says_why(world: World, name: str, query: str, why: str) -> None:
    with override("en"), pytest.raises((BadInput, PersonalDataFound)) as refused:
        services.save_filter(actor=world.people["compliance"], list_name="campaigns", name=name, query=query)
    assert str(refused.value) == why
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_filters_but_not_to_changing_them(world: World) -> None:
    who = world.people["compliance"]
    for number in range(20):
        services.save_filter(actor=who, list_name="campaigns", name=str(number), query="state=running")
    services.save_filter(actor=who, list_name="campaigns", name="0", query="state=ended")
    with override("en"), pytest.raises(BadInput) as refused:
        services.save_filter(actor=who, list_name="campaigns", name="20", query="state=running")
    assert str(refused.value) == "There are 20 filters already. Forget one first."
    services.save_filter(actor=who, list_name="scripts", name="20", query="state=draft")


def test_columns_are_chosen_and_the_first_always_stays(world: World, browse: Browse) -> None:
    client = browse("compliance")
    assert change(
        client, "contacts", "columns", column=["tags", "no_such"], query="sort=created_at&after=3"
    ) == (reverse("contacts") + "?sort=created_at")
    html = html_of(client, "contacts")
    assert len(re.findall(r'<th scope="col"', html)) == 2
    assert re.findall(r'name="column"\s+value="(\w+)"\s+checked', html) == ["tags"]
    assert world.contact.public_id in html
    assert len(re.findall(r'<th scope="col"', html_of(browse("supervisor"), "contacts"))) == 6


@pytest.mark.parametrize(
    ("name", "step"), [("no_such", "columns"), ("home", "save"), ("campaigns", "no_such")]
)
def test_what_is_no_list_is_not_there(world: World, browse: Browse, name: str, step: str) -> None:
    answer = browse("compliance").post(
        reverse("list_change", kwargs={"list_name": name, "step": step}), {"name": "x", "query": "a=b"}
    )
    assert answer.status_code == 404
    assert not ListChoice.objects.exists()
    with pytest.raises(NotFound):
        services.choose_columns(actor=world.people["compliance"], list_name="no_such", shown=[])


def test_the_database_keeps_one_choice_a_list_and_one_filter_a_name(world: World) -> None:
    choice = ListChoice.objects.create(user=world.people["agent"], list_name="contacts")
    SavedFilter.objects.create(choice=choice, name="x", query="a=b")
    for wrong in (
        ListChoice(user=world.people["agent"], list_name="contacts"),
        SavedFilter(choice=choice, name="x", query="c=d"),
        SavedFilter(choice=choice, name="", query="c=d"),
        SavedFilter(choice=choice, name="y", query=""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong.save()
