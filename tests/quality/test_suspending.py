"""Agents taken off the telephone and put back, by hand (R30)."""

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import User
from tests.world import World


def post(browse: Any, who: str, agent: User, **data: str) -> User:
    browse(who).post(reverse("agent_suspension"), {"agent": agent.pk, **data})
    return User.objects.get(pk=agent.pk)


def test_a_supervisor_takes_an_agent_off_and_puts_them_back(world: World, browse: Any) -> None:
    agent = post(browse, "supervisor", world.people["agent"], step="suspend", reason="培训未完成")
    assert (agent.suspended_for, agent.suspended_by) == ("培训未完成", world.people["supervisor"])
    assert "agent_suspended" in world.authorize(agent="agent", checklist_done=True, reserve=False).codes
    assert "培训未完成" in browse("supervisor").get(reverse("agents")).content.decode()
    assert post(browse, "supervisor", agent, step="resume").suspended_at is None
    assert world.authorize(agent="agent", checklist_done=True, reserve=False).allowed


def test_a_reason_is_wanted(world: World, browse: Any) -> None:
    assert post(browse, "supervisor", world.people["agent"], step="suspend", reason=" ").suspended_at is None


@pytest.mark.parametrize(("who", "may"), [("supervisor2", False), ("compliance", True)])
def test_agents_of_another_s_campaigns_are_compliance_s(
    world: World, browse: Any, who: str, may: bool
) -> None:
    agent = post(browse, who, world.people["agent"], step="suspend", reason="x")
    assert (agent.suspended_at is not None) == may


def test_who_was_suspended_by_a_measure_is_not_stuck(world: World, browse: Any) -> None:
    agent = accounts.suspend(actor=None, agent=world.people["agent"], reason="flag.short")
    assert post(browse, "compliance", agent, step="resume").suspended_at is None
