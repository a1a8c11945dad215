"""Pages as each role sees them: nothing serious for axe, nothing wider than the screen, no complaint."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.axe import serious

from .conftest import Visit

PAGES = {
    "": ["/accounts/login/", "/o/", "/my-data/"],
    "agent": [
        "/desk/",
        "/desk/later/",
        "/contacts/",
        "/campaigns/",
        "/campaigns/cp_1/",
        "/scripts/",
        "/scripts/1/",
        "/decisions/",
        "/search/",
        "/trail/",
        "/recordings/",
        "/quality/",
        "/actions/",
        "/inbox/",
        "/grants/",
        "/grants/ask/",
        "/accounts/2fa/",
        "/no-such-page/",
    ],
    "supervisor": [
        "/",
        "/contacts/",
        "/campaigns/cp_1/",
        "/campaigns/new/",
        "/imports/new/",
        "/sources/",
        "/sources/1/",
        "/sources/new/",
        "/contacts/ct_1/consents/new/",
        "/contacts/ct_1/minor/",
        "/requests/new/",
        "/shares/",
        "/shares/new/",
        "/scripts/new/",
        "/scripts/9/",
        "/scripts/13/edit/",
        "/rules/too_familiar/",
        "/recordings/",
        "/recordings/coverage/",
        "/quality/",
        "/agents/",
        "/opt-outs/",
    ],
    "compliance": [
        "/",
        "/opt-outs/",
        "/trail/heads/",
        "/retention/?count",
        "/retention/holds/",
        "/retention/holds/new/",
        "/retention/backups/",
        "/opt-outs/lifts/new/",
        "/opt-outs/lists/new/",
        "/doubts/",
        "/alarms/",
        "/inbox/mail/",
        "/policies/new/alarms/",
        "/scrubs/",
        "/scripts/queue/",
        "/scripts/9/",
        "/scripts/10/",
        "/scripts/11/",
        "/rules/",
        "/rules/absolute_claim/",
        "/rules/absolute_claim/change/",
        "/rules/vague_discount/1/",
        "/sources/6/",
        "/requests/",
        "/requests/rq_1/",
        "/requests/rq_5/",
        "/shares/sh_1/",
        "/shares/sh_2/",
        "/decisions/",
        "/enforcement/",
        "/contacts/ct_1/",
        "/contacts/ct_1/reveal/phone/",
        "/rights/",
        "/rights/fields/1/",
        "/people/3/",
        "/permission-audits/1/",
        "/reviews/",
        "/recordings/rc_1/",
        "/quality/1/",
        "/score-cards/",
        "/score-cards/new/?of=1",
        "/sampling/",
        "/sampling/new/",
        "/actions/1/",
        "/complaints/",
        "/complaints/new/",
        "/complaints/co_1/",
        "/complaints/comparison/",
    ],
    "admin": [
        "/people/",
        "/people/3/",
        "/people/add/",
        "/api-clients/",
        "/api-clients/new/",
        "/grants/",
        "/permission-audits/",
        "/permission-audits/1/",
        "/enforcement/",
        "/webhooks/",
        "/webhooks/new/",
    ],
}


@pytest.mark.parametrize("width", [1440, 360])
def test_the_player(visit: Callable[..., Visit], width: int) -> None:
    """A recording that is open, dark on the small screen: the wave form, what was said, the marks."""
    page = visit("compliance", width=width, theme="dark" if width == 360 else "light").page
    page.goto("/recordings/rc_1/")
    page.click("[data-key=o]")
    page.wait_for_selector("[data-player][data-ready='1']")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("width", [1440, 768, 360])
@pytest.mark.parametrize("role", PAGES)
def test_pages(visit: Callable[..., Visit], role: str, width: int, tmp_path: Path) -> None:
    middle = width == 768  # the other language and the other theme
    person = visit(
        role, width=width, language="en-US" if middle else "zh-CN", theme="dark" if middle else "light"
    )
    wrong = []
    for path in PAGES[role]:
        answer = person.page.goto(path)
        assert answer is not None
        assert answer.status == (404 if "no-such" in path else 200), path
        wrong += [f"{path} {each}" for each in serious(person.page)]
        wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            wrong.append(f"{path} is {wide} px wider than the screen")
    assert wrong == []
    assert [result for result in person.complaints if "404" not in result] == []
