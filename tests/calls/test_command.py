"""`manage.py authorize`: the decision as JSON, exit 0 allowed, 3 refused."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.calls.models import Call
from tests.world import LINE, PHONE, World


def authorize(**options: Any) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    code = 0
    try:
        call_command(
            "authorize", stdout=out, **{"campaign": "spring", "phone": PHONE, "line": LINE, **options}
        )
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue())


def test_allowed_is_exit_0(world: World) -> None:
    code, result = authorize()
    assert (code, result["decision"], result["call"]) == (0, "allow", None)
    assert not Call.objects.exists()


def test_refused_is_exit_3_with_reasons(world: World) -> None:
    code, result = authorize(at="2026-11-24T22:00:00")
    assert (code, result["decision"]) == (3, "refuse")
    assert [reason["code"] for reason in result["reasons"]] == ["outside_window"]


def test_reserving_makes_the_call(world: World) -> None:
    code, result = authorize(reserve=True)
    assert code == 0
    assert result["call"] == Call.objects.get().public_id
    assert authorize()[0] == 3


def test_an_agent_may_be_named(world: World) -> None:
    assert authorize(agent="agent")[0] == 0
    assert [reason["code"] for reason in authorize(agent="agent2")[1]["reasons"]] == ["agent_not_assigned"]


@pytest.mark.parametrize(
    "options",
    [
        {"campaign": "none"},
        {"phone": "123"},
        {"agent": "nobody"},
        {"at": "tomorrow"},
        {"at": "2026-11-24T12:00", "reserve": True},
    ],
)
def test_bad_input_is_a_sentence(world: World, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as caught:
        authorize(**options)
    assert str(caught.value)
    assert PHONE not in str(caught.value)


def test_a_time_before_any_policy_is_a_sentence(world: World) -> None:
    with pytest.raises(CommandError, match="2021-11-01"):
        authorize(at="1999-11-24T12:00")
