"""What the gate remembers of a campaign is never older than the last commit."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from apps.calls.gate import terms
from apps.campaigns.models import CallException, Campaign, Filing, Line
from apps.contacts.models import DataSource, Purpose
from apps.policies.models import CalendarYear, CallingPolicy, TradePack
from apps.scripts.models import ScriptVersion
from tests.world import World


def token() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select token from policies_termstoken")
        return int(cursor.fetchone()[0])


def test_unchanged_terms_are_read_once(world: World, django_assert_num_queries: Any) -> None:
    world.authorize(reserve=False)
    now = token()
    with django_assert_num_queries(0):
        terms.terms_of("spring", now)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda world: Campaign.objects.update(state="paused"), "campaign_not_running"),
        (lambda world: Campaign.objects.update(ends_on=world.today - timedelta(days=1)), "campaign_dates"),
        (lambda world: world.campaign.lines.clear(), "line_not_of_campaign"),
        (lambda world: Line.objects.update(state="blocked"), "line_not_verified"),
        (lambda world: Filing.objects.update(valid_until=world.today - timedelta(days=1)), "filing_expired"),
        (lambda world: DataSource.objects.update(state="withdrawn"), "source_not_approved"),
        (
            lambda world: world.source.purposes.set([Purpose.objects.create(code="x", name="x")]),
            "purpose_mismatch",
        ),
        (lambda world: ScriptVersion.objects.update(expires_at=world.at("09:00")), "script_expired"),
    ],
)
def test_a_change_is_seen_by_the_next_decision(world: World, change: Any, code: str) -> None:
    assert world.authorize(reserve=False).allowed
    change(world)
    assert code in world.authorize(reserve=False).codes


def test_a_change_that_is_undone_leaves_nothing_behind(world: World) -> None:
    assert world.authorize(reserve=False).allowed
    with transaction.atomic():
        Campaign.objects.update(state="paused")
        assert world.authorize(reserve=False).codes == ["campaign_not_running"]
        transaction.set_rollback(True)
    assert world.authorize(reserve=False).allowed
    Campaign.objects.update(ends_on=world.today)  # takes a token that the undone change did not have
    assert world.authorize(reserve=False).allowed


def test_every_table_that_terms_come_from_renews_the_token(world: World) -> None:
    sources = (
        Campaign,
        Line,
        Filing,
        CallException,
        DataSource,
        ScriptVersion,
        CallingPolicy,
        TradePack,
        CalendarYear,
    )
    tables = {model._meta.db_table for model in sources} | {
        Campaign.lines.through._meta.db_table,
        DataSource.purposes.through._meta.db_table,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text from pg_trigger where tgname like 'pgtrigger_renews_terms%'"
        )
        assert {row[0] for row in cursor.fetchall()} == tables


def test_without_a_token_nothing_is_remembered(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from policies_termstoken")
    assert world.authorize(reserve=False).allowed
    Campaign.objects.update(state="paused")
    assert world.authorize(reserve=False).codes == ["campaign_not_running"]
