"""Every page × every role, from the URL map itself. A new URL without an entry fails.

`own` objects are of the campaign that `agent` works and `supervisor` runs; `foreign` ones of a
campaign that only `supervisor2` runs. Compliance sees all campaigns, admins none.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts.roles import Role
from apps.calls.models import Decision
from apps.contacts import services as contacts
from apps.contacts.models import ContactImport
from tests.http import SecureClient
from tests.world import OTHER_PHONE, World

A, S, C, D = Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN
OPEN = frozenset(Role.values) | {"nobody"}


@dataclass(frozen=True)
class Page:
    """`roles` are answered; all others get 403 (nobody: the sign-in). `own`: whose foreign object is 404."""

    roles: frozenset[str]
    method: str = "get"
    object: str = ""
    data: tuple[tuple[str, str], ...] = ()


def page(*roles: str, method: str = "get", object: str = "", **data: str) -> Page:
    return Page(frozenset(roles), method, object, tuple(data.items()))


PAGES = {
    "home": page(A, S, C, D),
    "people": page(D),
    "duties": page(C, D),
    "contacts": page(A, S, C),
    "contact_search": page(A, S, C, method="post", number=OTHER_PHONE),
    "contact": page(A, S, C, object="contact"),
    "campaigns": page(A, S, C),
    "campaign": page(A, S, C, object="campaign"),
    "campaign_new": page(S),
    "campaign_agent": page(S, method="post", object="campaign"),
    "campaign_move": page(S, C, method="post", object="campaign_step"),
    "scripts": page(A, S, C),
    "script": page(A, S, C, object="script"),
    "script_new": page(S),
    "version_new": page(S, object="script_of_version"),
    "script_submit": page(S, method="post", object="script"),
    "script_review": page(C, method="post", object="script", retire="1"),
    "sources": page(S, C),
    "source": page(S, C, object="source"),
    "source_new": page(S, C),
    "source_decide": page(C, method="post", object="source_verdict"),
    "import_new": page(S, C),
    "import_preview": page(S, C, object="import"),
    "import_progress": page(S, C, object="import"),
    "import_report": page(S, C, object="import"),
    "opt_outs": page(S, C),
    "decisions": page(A, S, C),
    "decision": page(A, S, C, object="decision"),
    "desk": page(A),
    "desk_state": page(A),
    "desk_call": page(A, method="post"),
    "desk_end": page(A, method="post"),
    "desk_opt_out": page(A, method="post"),
    "desk_skip": page(A, method="post"),
    "desk_result": page(A, method="post"),
}
# Answered without a person: sign-in and out, the language, the API (its keys are tested with it), static files.
WITHOUT_A_PERSON = {"account_login", "account_logout", "set_language", "demo_sign_in"}
# allauth's own pages behind the sign-in, for the person's own account alone.
OWN_ACCOUNT = {
    "account_signup", "account_reauthenticate", "account_email", "account_change_password", "account_set_password", "account_inactive",
    "account_email_verification_sent", "account_confirm_email", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_confirm_login_code", "account_request_login_code",
}  # fmt: skip


def _names(resolver: URLResolver, inside: str = "") -> set[str]:
    names = set()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "api":
                names |= _names(entry)
        elif isinstance(entry, URLPattern) and entry.name:
            names.add(entry.name)
    return names


def test_every_url_has_an_entry() -> None:
    assert _names(get_resolver()) - OWN_ACCOUNT == set(PAGES) | WITHOUT_A_PERSON


def objects(world: World, whose: str) -> dict[str, dict[str, Any]]:
    """Arguments of URLs for objects that are one's own, or somebody else's."""
    campaign, contact = world.campaign, world.contact
    if whose == "foreign":
        campaign = world.running_campaign("foreign", agents=("agent2",))
        from apps.campaigns.models import CampaignUserPermission

        CampaignUserPermission.objects.filter(content_object=campaign, permission__codename="supervise").update(
            user=world.people["supervisor2"]
        )
        contact = world.add_contact(OTHER_PHONE, campaign=campaign)
    world.authorize(
        campaign=campaign.code,
        phone=OTHER_PHONE if whose == "foreign" else "13800001234",
        agent="agent2" if whose == "foreign" else "agent",
    )
    version = world.script.versions.get()
    return {
        "": {},
        "contact": {"pk": contact.pk},
        "campaign": {"pk": campaign.pk},
        "campaign_step": {"pk": campaign.pk, "step": "pause"},
        "script": {"pk": version.pk},
        "script_of_version": {"script_pk": world.script.pk},
        "source": {"pk": world.source.pk},
        "source_verdict": {"pk": world.source.pk, "verdict": "withdraw"},
        "decision": {"pk": Decision.objects.latest("pk").pk},
        "import": {"pk": 0},
    }


def _import_of(world: World, username: str) -> ContactImport:
    actor = world.people[username]
    done = contacts.import_now(actor=actor, source=world.source, file_name="a.csv", content="手机号\n13800007777\n".encode(), list_code="")
    return done


def visit(world: World, name: str, username: str, whose: str, browse: Any) -> int:
    entry = PAGES[name]
    arguments = dict(objects(world, whose)[entry.object])
    if entry.object == "import":
        owner = username if whose == "own" and PAGES[name].roles & {username} else "supervisor2"
        arguments = {"pk": _import_of(world, owner).pk}
    client = SecureClient() if username == "nobody" else browse(username)
    answer = getattr(client, entry.method)(reverse(name, kwargs=arguments), dict(entry.data))
    if username == "nobody" and answer.status_code == 302:
        assert "/accounts/login/" in answer.headers["Location"]
    return int(answer.status_code)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("who", [*Role.values, "nobody"])
def test_a_page_answers_its_roles_and_no_other(world: World, browse: Any, name: str, who: str) -> None:
    status = visit(world, name, who, "own", browse)
    if who == "nobody":
        assert status == 302
    elif who in PAGES[name].roles:
        assert status in {200, 204, 302, 404, 409} if PAGES[name].method == "post" else status in {200, 204, 302}
        assert status != 403 or (name, who) in SERVICE_REFUSES
    else:
        assert status == 403


# The page answers the role, its service refuses this person: a script is submitted by its author alone.
SERVICE_REFUSES: set[tuple[str, str]] = set()

FOREIGN = {
    "contact": {A, S},
    "campaign": {A, S},
    "campaign_agent": {S},
    "campaign_move": {S},
    "decision": {A, S},
    "import_preview": {S, C},
    "import_progress": {S, C},
    "import_report": {S, C},
}


@pytest.mark.parametrize(("name", "who"), [(name, who) for name, whos in FOREIGN.items() for who in sorted(whos)])
def test_a_foreign_object_is_not_there(world: World, browse: Any, name: str, who: str) -> None:
    assert visit(world, name, who, "foreign", browse) == 404


@pytest.mark.parametrize("who", [A, S])
def test_lists_hold_nothing_foreign(world: World, browse: Any, who: str) -> None:
    objects(world, "foreign")
    for name in ("contacts", "campaigns", "decisions"):
        text = browse(who).get(reverse(name)).content.decode()
        assert "foreign" not in text.replace("139****", "")
        assert "139****5678" not in text


@pytest.mark.parametrize("who", list(Role.values))
def test_navigation_shows_only_what_may_be_followed(world: World, browse: Any, who: str) -> None:
    import re

    client = browse(who)
    text = client.get("/", follow=True).content.decode()
    links = set(re.findall(r'class="nav-link[^"]*"\s+href="([^"]+)"', text))
    assert links
    for link in links:
        assert client.get(link, follow=True).status_code == 200, link
