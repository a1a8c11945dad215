"""What the search box of the shell finds: a page by its name, by what people call it (`search_words`) and by
its duties; a rule of the gate or of the script check by its name and law; a thing by its public id, things
and people by their names.

Each kind is looked for only where the viewer may follow, through the same queries as its list. Numbers are
not looked for here: the contacts' own search does that, by POST.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.calls.gate.rules import RULES
from apps.campaigns import queries as campaigns
from apps.contacts.models import DataSource
from apps.core.duties import DUTIES
from apps.core.errors import NotFound
from apps.core.laws import cite
from apps.core.privacy.canonical_text import even
from apps.core.web import ids
from apps.scripts import queries as scripts
from apps.scripts.wording import name_of

from .navigation import MenuLink, links_of
from .search_words import DUTIES_OF, WORDS

MOST = 8  # of each kind
BESIDE = (  # pages that the menu does not name
    MenuLink("holds", "lock", _("Legal holds")), MenuLink("inbox", "bell", _("Inbox")),
    MenuLink("mfa_index", "lock", _("Sign-in and sessions")),
)  # fmt: skip
OPEN = frozenset({"mfa_index"})  # to everybody, and no view of ours
LIKE_A_NUMBER = frozenset("0123456789+-() ")


@dataclass(frozen=True)
class Hit:
    label: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class HitGroup:
    label: Promise | str
    icon: str
    hits: list[Hit]
    is_about_people: bool = False  # what found people may be a client's name too: it gets no address


def is_number(words: str) -> bool:
    """Whether somebody looks for a telephone number, or for its last four digits."""
    words = even(words)
    return len(words) >= 4 and LIKE_A_NUMBER.issuperset(words)


def _may_follow(viewer: User, url: str) -> bool:
    return viewer.role in getattr(resolve(url).func, "roles", ())


def page_of_id(viewer: User, words: str) -> str | None:
    """The address of the thing with this public id, where the viewer may see such things; whether there is
    one, its page says."""
    for name, prefix in ids.PREFIXES.items():
        try:
            url = reverse(name, kwargs={"pk": ids.decode(prefix, words.lower())})
        except (NotFound, NoReverseMatch):
            continue
        return url if _may_follow(viewer, url) else None
    return None


def found_by(viewer: User, words: str) -> list[HitGroup]:
    """Pages, campaigns, scripts, rules, data sources and people whose names hold the words; kinds without any
    are left out."""
    return [group for group in _groups(viewer, words) if group.hits]


def _groups(viewer: User, words: str) -> Iterator[HitGroup]:
    yield HitGroup(_("Pages"), "layout-sidebar", _pages(viewer, words.lower())[:MOST])
    if _may_follow(viewer, reverse("decisions")):
        of_gate = [
            rule
            for rule in RULES.values()
            if _is_about(words, rule.name, rule.law.name, rule.law.title, rule.duty)
        ]
        refused = reverse("decisions")
        yield HitGroup(
            _("Rules of the gate"), "traffic-lights",
            [Hit(capfirst(str(rule.name)), f"{refused}?code={rule.code}",
            cite(rule.law)) for rule in of_gate[:MOST]],
        )  # fmt: skip
    named = Q(name__icontains=words) | Q(code__icontains=words)
    mine = campaigns.campaigns_of(viewer).filter(named)
    yield HitGroup(_("Campaigns"), "speakerphone", _hits(viewer, mine, "campaign", "code"))
    versions = (
        scripts.readable(viewer)
        .filter(script__name__icontains=words)
        .order_by("script", "-number")
        .distinct("script")
    )
    yield HitGroup(_("Scripts"), "file-text", _hits(viewer, versions, "script", "get_state_display"))
    named_rules = ((code, scripts.packs_in_force().rule(code)) for code in scripts.rule_codes())
    rules = [
        (code, name_of(rule, code)) for code, rule in named_rules
        if _is_about(words, name_of(rule, code), *((rule.law, rule.duty) if rule else ()))
    ]  # fmt: skip
    is_read = _may_follow(viewer, reverse("rules"))
    yield HitGroup(
        _("Script check rules"), "list-check",
        [Hit(capfirst(name), reverse("rule", kwargs={"code": code})) for code,
        name in rules[:MOST] if is_read],
    )  # fmt: skip
    yield HitGroup(
        _("Data sources"),
        "database-import",
        _hits(viewer, DataSource.objects.filter(named), "source", "code"),
    )
    people = User.objects.filter(Q(display_name__icontains=words) | Q(username__icontains=words))
    yield HitGroup(
        _("People"), "users", _hits(viewer, people, "person", "get_role_display"), is_about_people=True
    )


def _is_about(words: str, *names: object) -> bool:
    return any(
        words.lower() == str(name).lower() or (len(words) > 1 and words.lower() in str(name).lower())
        for name in names
    )


def _pages(viewer: User, words: str) -> list[Hit]:
    """Pages whose names hold the words come first; then those that are called so too, and those with a duty
    of these words."""
    links = [
        *links_of(viewer.role),
        *(link for link in BESIDE if link.name in OPEN or _may_follow(viewer, link.url)),
    ]
    named = [link for link in links if words in str(link.label).lower()]
    called = [
        link for link in links if words in f" {WORDS.get(link.name, '')} " or _has_duty(link.name, words)
    ]
    return [Hit(str(link.label), link.url) for link in dict.fromkeys([*named, *called])]


def _has_duty(page: str, words: str) -> bool:
    duties = DUTIES_OF.get(page, ())
    return words.upper() in duties or (
        len(words) > 1 and any(words in str(DUTIES[number]).lower() for number in duties)
    )


def _hits(viewer: User, rows: QuerySet[Any], page: str, note: str) -> list[Hit]:
    """Of rows whose pages the viewer may follow; nothing is asked where they may not."""
    if not _may_follow(viewer, reverse(page, kwargs={"pk": 1})):
        return []
    result = ((row, getattr(row, note)) for row in rows[:MOST])
    return [
        Hit(str(row), reverse(page, kwargs={"pk": row.pk}), str(note() if callable(note) else note))
        for row, note in result
    ]
