"""Registers that an officer owes the law, each kept up by itself from what the site knows: rows of words, for
a page, a paper and a table.

No row holds a person's data; colleagues stand by their names where they are the ones who were trained.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.accounts.models import ApiClient, User
from apps.campaigns.models import Campaign
from apps.contacts.models import Consent, DataSource, Purpose
from apps.core.calendar import clock
from apps.core.wording import join_items
from apps.policies import queries as policies
from apps.policies.models import (
    AlarmPolicy,
    CalendarYear,
    CallingPolicy,
    MeasuresPolicy,
    RetentionPolicy,
    TradePack,
)
from apps.sharing.models import Share
from apps.telephony.models import Trunk
from apps.webhooks.models import EndPoint

Rows = Iterable[list[str]]
RUNS = (Campaign.State.APPROVED, Campaign.State.RUNNING, Campaign.State.PAUSED)


@dataclass(frozen=True)
class Register:
    title: Promise
    about: Promise
    heads: tuple[Promise, ...]
    rows: Callable[[], Rows]


def _day(at: datetime | date | None) -> str:
    if at is None:
        return "–"
    return f"{timezone.localdate(at) if isinstance(at, datetime) else at:%Y-%m-%d}"


def _activities() -> Rows:
    """By purpose: what the site does with personal information, on which basis, from where, for how long, who
    gets it."""
    days = {
        code: policy.days_at(timezone.localdate(clock.now()))
        for code, policy in policies.retention_policies(clock.now()).items()
    }
    kept = _("contacts %(contacts)s days, calls %(calls)s, recordings %(recordings)s") % {
        "contacts": days["contact"], "calls": days["call"], "recordings": days["recording"]
    }  # fmt: skip
    consents = dict(
        Consent.objects.filter(withdrawn_at__isnull=True, expires_at__gt=clock.now(), recipient="")
        .order_by().values_list("purpose").annotate(Count("contact", distinct=True))
    )  # fmt: skip
    for purpose in Purpose.objects.order_by("name"):
        campaigns = Campaign.objects.filter(purpose=purpose, state__in=RUNS).order_by("name")
        sources = DataSource.objects.filter(purposes=purpose, state=DataSource.State.APPROVED).order_by(
            "name"
        )
        bases = sorted(
            {campaign.lawful_basis for campaign in campaigns} | {source.lawful_basis for source in sources}
        )
        clients = (
            ApiClient.objects.filter(campaigns__in=campaigns, is_active=True).distinct().order_by("name")
        )
        yield [
            purpose.name, join_items(campaign.name for campaign in campaigns) or "–",
            join_items(bases) or "–",
            _("telephone number, name, note, tags; records and recordings of calls"),
            join_items(source.name for source in sources) or "–",
            str(consents.get(purpose.pk, 0)), join_items(client.name for client in clients) or "–", kept,
        ]  # fmt: skip


def _recipients() -> Rows:
    """Programs, systems, departments and third parties that are given personal information."""
    scopes = dict(ApiClient.Scope.choices)
    for client in ApiClient.objects.filter(is_active=True, ends_at__gt=clock.now()).order_by("name"):
        what = join_items(str(scopes.get(scope, scope)) for scope in client.scopes)
        yield [_("API client"), client.name, what, str(client.owner), _day(client.ends_at)]
    for point in EndPoint.objects.filter(is_active=True).select_related("client").order_by("name"):
        yield [
            _("end point"),
            f"{point.name} ({urlsplit(point.url).hostname})",
            join_items(point.kind_labels),
            str(point.client),
            "–",
        ]
    for share in Share.objects.filter(state=Share.State.APPROVED).select_related(
        "asked_by__department", "campaign"
    ):
        who = str(share.asked_by.department or share.asked_by)
        yield [
            _("department"),
            who,
            f"{share.campaign}: {join_items(share.field_labels)}",
            share.agreement,
            _day(share.ends_on),
        ]
    yield from _processors()
    named = (
        Consent.objects.exclude(recipient="")
        .filter(withdrawn_at__isnull=True, expires_at__gt=clock.now())
        .order_by("recipient")
        .values_list("recipient")
        .annotate(Count("pk"), Max("expires_at"))
    )
    for recipient, count, until in named:
        yield [
            _("third party"),
            recipient,
            _("%(count)s consents of their own") % {"count": count},
            "–",
            _day(until),
        ]


def _processors() -> Rows:
    """Who handles personal information for the organisation, as far as the site itself hands it over."""
    kind = _("processor")
    for trunk in Trunk.objects.filter(is_active=True).order_by("name"):
        yield [kind, trunk.name, _("the number called, the call itself"), _("carrier"), "–"]
    places = {
        settings.HEGUI_SMS_URL: (_("gateway of short messages"), _("telephone number, text of the message")),
        settings.HEGUI_THIRD_READER_URL: (_("third reader"), _("scripts, forbidden numbers blotted out")),
        settings.HEGUI_BACKUPS: (_("backups"), _("everything, encrypted")),
        str(settings.STORAGES["default"].get("OPTIONS", {}).get("endpoint_url") or ""): (
            _("storage of files"), _("recordings and files, encrypted"),
        ),
    }  # fmt: skip
    for address, (what, given) in places.items():
        if "://" in address:
            parts = urlsplit(address)
            yield [kind, parts.hostname or "–", given, what, "–"]


def _retention() -> Rows:
    today = timezone.localdate(clock.now())
    for _code, policy in sorted(policies.retention_policies(clock.now()).items()):
        yield [
            str(policy), str(policy.days_at(today)), str(policy.get_action_display()), str(policy.number),
            _day(policy.in_force_from),
            policy.basis or "–",
        ]  # fmt: skip


def _training() -> Rows:
    """Who handles personal information, and when they were last trained; those without training of this year
    first."""
    begins = timezone.localdate(clock.now()).replace(month=1, day=1)
    people = User.objects.filter(is_active=True).annotate(last=Max("trainings__held_on"))
    for person in sorted(people, key=lambda each: (bool(each.last and each.last >= begins), str(each))):
        last: date | None = person.last
        is_trained = last is not None and last >= begins
        yield [
            str(person),
            str(person.get_role_display()),
            _day(last),
            _("trained this year") if is_trained else _("not trained this year"),
        ]


def _versions() -> Rows:
    """Every version of every policy, the newest first, with the two people."""
    found = []
    for model, label in (
        (CallingPolicy, _("calling hours and caps")), (RetentionPolicy, _("storage periods")),
        (CalendarYear, _("holiday calendar")),
        (TradePack, _("trade pack")), (MeasuresPolicy, _("automatic measures")),
        (AlarmPolicy, _("thresholds of alarms")),
    ):  # fmt: skip
        for version in model.objects.select_related("written_by", "approved_by"):
            norm = _("the norm itself")
            found.append((version.in_force_from, [
                label, str(version.number), _day(version.in_force_from), str(version.written_by or norm),
                str(version.approved_by or norm),
                version.reason or "–",
            ]))  # fmt: skip
    return [row for _from, row in sorted(found, key=lambda each: each[0], reverse=True)]


REGISTERS: Mapping[str, Register] = {
    "activities": Register(
        gettext_lazy("Processing activities"),
        gettext_lazy("By purpose, from campaigns, sources and policies as they are now (PIPL, articles 51 "
            "and 56)."),
        (
            pgettext_lazy("of processing", "purpose"), gettext_lazy("campaigns"),
            gettext_lazy("lawful basis"),
            gettext_lazy("kinds of information concerned"), gettext_lazy("data sources"),
            gettext_lazy("persons with consent"),
            gettext_lazy("recipients"), gettext_lazy("storage periods"),
        ),
        _activities,
    ),
    "recipients": Register(
        gettext_lazy("Recipients"),
        gettext_lazy("Programs, systems, departments and third parties that are given personal information."),
        (
            gettext_lazy("kind"), gettext_lazy("recipient"), gettext_lazy("what they are given"),
            gettext_lazy("owner or agreement"), pgettext_lazy("label or column of an end", "until"),
        ),
        _recipients,
    ),
    "retention": Register(
        gettext_lazy("Storage periods"),
        gettext_lazy("What is kept how long, and what happens then (R8)."),
        (
            gettext_lazy("class of data"), gettext_lazy("days that it is kept"), gettext_lazy("then it is"),
            gettext_lazy("version"),
            gettext_lazy("in force from"), gettext_lazy("regulation that asks for more than 365 days"),
        ),
        _retention,
    ),
    "training": Register(
        gettext_lazy("Training"),
        gettext_lazy("Who handles personal information here, and when they were last trained (PIPL, article "
            "51)."),
        (gettext_lazy("person"), gettext_lazy("role"), gettext_lazy("last trained"),
        gettext_lazy("this year")),
        _training,
    ),
    "policies": Register(
        gettext_lazy("Versions of policies"),
        gettext_lazy("Every version with the two people behind it."),
        (
            gettext_lazy("policy"), gettext_lazy("version"), gettext_lazy("in force from"),
            gettext_lazy("written by"),
            gettext_lazy("approved by"), gettext_lazy("reason"),
        ),
        _versions,
    ),
}  # fmt: skip
