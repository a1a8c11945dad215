"""Every page × every role, from the URL map itself. A new URL without an entry fails.

`own` objects are of the campaign that `agent` works and `supervisor` runs; `foreign` ones of a
campaign that only `supervisor2` runs. Compliance sees all campaigns, admins none.
"""

from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from tests.security.matrix import (
    INCIDENTS,
    NOT_THEIRS,
    PAGES,
    SHARES,
    A,
    C,
    D,
    S,
    _import_of,
    _incident_of,
    _play_of,
    _request,
    _share_of,
    objects,
    visit,
)
from tests.world import World

OPEN = frozenset(Role.values) | {"nobody"}


# Answered without a person: sign-in and out, the language, the API (its keys are tested with it), static
# files.
WITHOUT_A_PERSON = {
    "leave",
    "leave_by_code",
    "my_data",
    "copy",
    "invitation",
    "invitation_open",
    "account_login",
    "account_logout",
    "set_language",
    "demo_sign_in",
}
# allauth's own pages behind the sign-in, for the person's own account alone.
OWN_ACCOUNT = {
    "mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_login_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn", "usersessions_list",
    "openid_connect_login",
    "openid_connect_callback",
    "socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup",
    "socialaccount_connections",
    "account_signup", "account_reauthenticate", "account_email", "account_change_password",
    "account_set_password", "account_inactive",
    "account_email_verification_sent", "account_confirm_email", "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_confirm_login_code",
    "account_request_login_code",
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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_its_roles_and_no_other(world: World, browse: Any, name: str) -> None:
    """One world for all roles, put back after each: making it costs more than the page."""
    made = dict(objects(world, "own", PAGES[name].object)[PAGES[name].object])
    for who in [*Role.values, "nobody"]:
        with transaction.atomic():
            status = visit(world, name, who, "own", browse, dict(made))
            transaction.set_rollback(True)
        assert status in _expected(name, who), (who, status)


def _expected(name: str, who: str) -> set[int]:
    if who == "nobody":
        return {302}
    if (name, who) in NOT_THEIRS:
        return {NOT_THEIRS[name, who]}
    if who not in PAGES[name].roles:
        return {403}
    return {200, 204, 302, 404, 409} if PAGES[name].method == "post" else {200, 204, 206, 302}


FOREIGN = {
    "incident": {S, D},
    "incident_task_done": {S, D},
    "nonconformity_step": {S, D},
    "assessment": {S},
    "assessment_edit": {S},
    "assessment_step": {S},
    "assessment_paper": {S},
    "contact_reveal": {S},
    "live_call_end": {S},
    "grant_decide": {S},
    "contact": {A, S},
    "campaign": {A, S},
    "campaign_agent": {S},
    "campaign_edit": {S},
    "campaign_pin": {S},
    "campaign_move": {S},
    "decision": {A, S},
    "contact_zone": {S},
    "exception_ask": {S},
    "forecast_list": {S},
    "forecast_campaign": {S},
    "forecast": {S, C},
    "recording": {A, S},
    "recording_play": {A, S},
    "transcript_new": {S},
    "play_sound": {A, S, C},
    "play_heard": {A, S, C},
    "review_choose": {S},
    "quality_review": {A, S},
    "review_take": {S},
    "review_remark": {S},
    "timed_remark_delete": {S},
    "review_violation": {S},
    "review_appeal": {A},
    "review_settle": {S},
    "action": {A, S},
    "action_step": {A, S},
    "action_proof": {A, S},
    "complaint": {S},
    "complaint_step": {S},
    "complaint_violation": {S},
    "evidence": {S},
    "evidence_fetch": {S},
    "import_preview": {S, C},
    "import_progress": {S, C},
    "import_report": {S, C},
    "import_discard": {S, C},
    "import_heading": {S, C},
    "import_correct": {S, C},
    "import_take_back": {S, C},
    "import_forecast": {S, C},
    "consent_new": {S},
    "consent_withdraw": {A, S},
    "consent_evidence": {S},
    "minor_flag": {A, S},
    "request": {A, S},
    "share": {S},
    "share_agreement": {S},
    "share_look": {S, C},
    "share_file": {S},
    "share_fetch": {S},
    "share_step": {S},
    "scrub": {S, C},
    "scrub_result": {S, C},
}


@pytest.mark.parametrize(
    ("name", "who"), [(name, who) for name, whos in FOREIGN.items() for who in sorted(whos)]
)
def test_a_foreign_object_is_not_there(world: World, browse: Any, name: str, who: str) -> None:
    assert visit(world, name, who, "foreign", browse) == 404


@pytest.mark.parametrize("who", [A, S])
def test_lists_hold_nothing_foreign(world: World, browse: Any, who: str) -> None:
    objects(world, "foreign")
    for name in ("contacts", "campaigns", "decisions", "recordings", "quality_reviews", "actions"):
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


BINARY = {
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pytest.mark.parametrize("name", [name for name, entry in PAGES.items() if entry.method == "get"])
def test_a_page_that_shows_a_mask_is_in_the_trail(world: World, browse: Any, name: str) -> None:
    """R10: whoever reads personal data, masked too, is on record with a purpose."""
    who = next(role for role in (S, A, C, D) if role in PAGES[name].roles)
    arguments = dict(objects(world, "own", PAGES[name].object)[PAGES[name].object])
    if PAGES[name].object in {"import", "import_report"}:
        arguments |= {"pk": _import_of(world, who).pk}
    if PAGES[name].object == "play":
        arguments = {"pk": _play_of(world, who)}
    if PAGES[name].object == "subject_request":
        arguments = {"pk": _request(world, who).pk}
    if PAGES[name].object in SHARES:
        arguments = _share_of(world, who, PAGES[name].object)
    if PAGES[name].object in INCIDENTS:
        arguments = _incident_of(world, who, PAGES[name].object)
    before = AccessEvent.objects.filter(actor=world.people[who], kind="viewed").count()
    answer = browse(who).get(reverse(name, kwargs=arguments))
    if answer.streaming or answer.headers["Content-Type"] in BINARY:
        return
    text = answer.content.decode()
    if "138****1234" in text or "王*" in text:
        assert AccessEvent.objects.filter(actor=world.people[who], kind="viewed").count() == before + 1
        assert AccessEvent.objects.latest("pk").purpose
