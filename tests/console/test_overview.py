"""The overview: each figure is the number of entries in the list that it leads to; days are counted once and
again."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from apps.console import figures
from apps.console.models import DayCount
from apps.console.overview import Overview, Period
from apps.core.calendar import clock as our_clock
from apps.optouts.models import OptOut
from apps.ui.charts import trend
from tests.quality.complaining import complain
from tests.quality.finding import found
from tests.quality.judging import taken
from tests.quality.sounds import hand_in
from tests.rights.asking import ask
from tests.world import World

Browse = Callable[[str], Client]
Measure = DayCount.Measure


@pytest.fixture
def busy(world: World, clock: time_machine.Traveller) -> World:
    """Two days of two campaigns: one with everything, one that `supervisor2` alone runs."""
    for number in range(6):
        world.add_contact(f"1380000150{number}")
    world.people["supervisor"], own = world.people["supervisor2"], world.people["supervisor"]
    foreign = world.running_campaign("autumn")
    world.people["supervisor"] = own
    foreign.clients.add(world.client)
    world.add_contact("13800001599", campaign=foreign)
    world.connected(phone="13800001500")
    clock.shift(timedelta(days=1))
    hand_in(world.connected(phone="13800001501"))
    call = world.connected(phone="13800001502")
    world.connected(phone="13800001599", campaign="autumn")
    assert not world.authorize(phone="13800001502").call  # called today
    world.opt_out("13800001503")
    assert not world.authorize(phone="13800001503").call  # opted out
    complain(world, phone="13800001502")
    found(world, review=taken(world, call, "compliance"))
    figures.keep_up()
    return world


def overview(world: World, who: str, days: int = 30) -> Overview:
    return Overview(world.people[who], Period.of_days(days))


def marks(page: str) -> list[tuple[int, str]]:
    """Figures of the charts with their addresses."""
    return [
        (int(count), url.replace("&amp;", "&"))
        for url, count in re.findall(r'<td class="text-end">\s*<a href="([^"]+)">(\d+)</a>', page)
    ]


@pytest.mark.parametrize("who", ["compliance", "supervisor", "supervisor2"])
@pytest.mark.parametrize("campaign", ["", "spring"])
def test_every_figure_is_the_number_of_entries_of_its_list(
    busy: World, browse: Browse, who: str, campaign: str
) -> None:
    client = browse(who)
    query = f"?campaign={busy.campaign.pk}" if campaign else ""
    shown = marks(client.get(reverse("home") + query).content.decode())
    assert shown
    for count, url in shown:
        page = client.get(url).content.decode()
        if "/coverage/" in url:
            counted = re.findall(r'data-(?:recorded|missing)="(\d+)"', page)
            assert str(count) in counted, url
        else:
            assert re.findall(r'data-total="(\d+)"', page) == [str(count)], url


def test_each_sees_the_figures_of_their_campaigns(busy: World) -> None:
    def of(who: str) -> list[int]:
        return [series.total for series in overview(busy, who).decisions.series]

    assert of("compliance") == [4, 2]
    assert of("supervisor") == [3, 2]
    assert of("supervisor2") == [1, 0]


def test_a_refusal_counts_for_each_rule_that_it_names(busy: World) -> None:
    by_rule = dict.fromkeys(DayCount.objects.filter(measure=Measure.REFUSED_BY).values_list("key", flat=True))
    assert {"daily_cap", "opted_out"} <= set(by_rule)


def test_what_comes_late_changes_its_day(busy: World) -> None:
    assert [series.total for series in overview(busy, "compliance").recordings.series] == [1, 3]
    for call in list(busy.campaign.calls.filter(recording__isnull=True)):
        hand_in(call)
    figures.keep_up()
    assert [series.total for series in overview(busy, "compliance").recordings.series] == [3, 1]
    figures.keep_up()  # counted again, not twice
    assert [series.total for series in overview(busy, "compliance").recordings.series] == [3, 1]


def test_the_first_count_and_the_nightly_one_take_all_days(
    busy: World, clock: time_machine.Traveller
) -> None:
    DayCount.objects.all().delete()
    clock.shift(timedelta(days=20))
    figures.keep_up()
    assert DayCount.objects.filter(measure=Measure.ALLOWED).count() == 3
    DayCount.objects.filter(measure=Measure.ALLOWED).delete()
    figures.keep_up()
    assert not DayCount.objects.filter(measure=Measure.ALLOWED).exists()
    figures.keep_up(whole=True)
    assert DayCount.objects.filter(measure=Measure.ALLOWED).count() == 3


def test_days_are_those_of_the_default_zone(world: World, clock: time_machine.Traveller) -> None:
    clock.move_to(world.at("00:30"))
    world.opt_out("13800001503")
    figures.keep_up()
    assert DayCount.objects.get(measure=Measure.OPTED_OUT).day == world.today


def test_a_day_s_count_stands_once_and_is_never_nothing(world: World) -> None:
    row = {"day": world.today, "measure": Measure.ALLOWED, "campaign": None}
    DayCount.objects.create(**row, count=1)
    for wrong in ({"count": 2}, {"count": 0, "key": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DayCount.objects.create(**row, **wrong)


def test_the_headline_says_how_it_was_before(busy: World, clock: time_machine.Traveller) -> None:
    calls = next(
        each
        for each in overview(busy, "compliance", days=1).headlines
        if each.trend == "" and each.value == "3"
    )
    assert calls.change == 200  # one the day before
    assert calls.is_better is None


def test_a_moved_entry_of_the_register_is_no_new_refusal(world: World) -> None:
    entry = world.opt_out("13800001503")
    OptOut.objects.create(
        number_hash=b"x" * 32,
        key_id="other",
        channel=entry.channel,
        said_at=entry.said_at,
        evidence="moved",
        moved_from=entry,
    )
    figures.keep_up()
    assert DayCount.objects.get(measure=Measure.OPTED_OUT).count == 1


@pytest.mark.parametrize(
    "query", ["", "?days=7", "?days=x&campaign=y", "?campaign=999999", "?days=92&campaign="]
)
def test_the_page_and_its_files_take_any_address(busy: World, browse: Browse, query: str) -> None:
    client = browse("compliance")
    assert client.get(reverse("home") + query).status_code == 200
    assert client.get(reverse("overview_pdf") + query).content.startswith(b"%PDF")
    rows = client.get(reverse("overview_csv") + query).content.decode("utf-8-sig").splitlines()
    assert len(rows) > 10
    assert all(row.count(",") == 3 for row in rows)


def test_a_foreign_campaign_is_not_chosen(busy: World, browse: Browse) -> None:
    page = browse("supervisor2").get(reverse("home") + f"?campaign={busy.campaign.pk}")
    assert page.context["overview"].campaign is None


def test_nothing_yet_is_said(world: World, browse: Browse) -> None:
    figures.keep_up()
    page = strip_tags(browse("compliance").get(reverse("home")).content.decode())
    assert "本期没有拨打请求。" in page
    assert "本期没有接通的通话。" in page


def test_the_line_shows_how_its_calls_fared(busy: World) -> None:
    (line,) = overview(busy, "supervisor").lines
    assert (line.number, line.made, line.answered, line.short, line.complaints) == (
        busy.line.number,
        3,
        100,
        0,
        1,
    )


def test_a_trend_lies_in_its_box() -> None:
    assert trend([]) == trend([3]) == trend([0, 0]) == ""
    assert trend([0, 4, 2]) == "0.0,23.0 50.0,1.0 100.0,12.0"


@pytest.mark.parametrize(
    ("name", "value"),
    [("since", "0001-01-01"), ("until", "9999-12-31"), ("until", "2200-01-01"), ("since", "x")],
)
def test_a_day_that_cannot_be_filters_nothing(world: World, browse: Browse, name: str, value: str) -> None:
    assert browse("supervisor").get(reverse("decisions") + f"?{name}={value}").status_code == 200


def test_a_filter_s_days_are_whole(busy: World, browse: Browse) -> None:
    def total(since: date, until: date) -> str:
        page = (
            browse("compliance").get(reverse("decisions") + f"?since={since}&until={until}").content.decode()
        )
        return re.findall(r'data-total="(\d+)"', page)[0]

    today = busy.today
    assert total(today, today) == "5"
    assert total(today - timedelta(days=1), today - timedelta(days=1)) == "1"
    assert total(today - timedelta(days=1), today) == "6"


def test_what_is_overdue_leads_to_as_many(busy: World, browse: Browse, clock: time_machine.Traveller) -> None:
    """Late is late on a holiday too."""
    made = ask(busy, phone="13800001501")
    clock.move_to(our_clock.start_of_day(made.due_on) + timedelta(days=1, hours=10))
    shown = re.findall(
        r'class="waiting-entry is-late"\s+href="([^"]+)"><strong>(\d+)</strong>',
        browse("compliance").get(reverse("home")).content.decode(),
    )
    assert {url.split("?")[0] for url, _count in shown} == {"/requests/", "/complaints/", "/actions/"}
    for url, count in shown:
        page = browse("compliance").get(url).content.decode()
        assert re.findall(r'data-total="(\d+)"', page) == [count], url
