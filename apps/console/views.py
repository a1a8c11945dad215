"""Overview by role, search, enforcement."""

import unicodedata
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.queries import trail_state
from apps.campaigns import queries as campaigns
from apps.campaigns.forms import NumberForm
from apps.campaigns.views import contacts_by_number
from apps.core.calendar import clock
from apps.jobs.models import FileToDelete, Job
from apps.optouts import queries as optouts
from apps.policies import queries as policies
from apps.policies.models import DataClass
from apps.quality import queries as quality
from apps.retention.ledger import ledger_file
from apps.retention.models import BackupRun, PurgeRun
from apps.retention.services import last_good
from apps.rights import queries as rights
from apps.scripts import queries as scripts
from apps.ui.decorators import for_roles
from apps.ui.pages import attachment

from . import papers, scheduled, searching, site
from .forms import OverviewForm, SearchForm
from .overview import Overview, Period


@for_roles(*Role.values)
@require_GET
def home(request: StaffRequest) -> HttpResponse:
    """Agents go to their desk, admins see how the site and its rights are, everybody else an overview: what
    waits, is late, happened."""
    if request.user.role == Role.AGENT:
        return redirect("desk")
    if request.user.role == Role.ADMIN:
        return render(request, "console/site.html", site.state_of(request.user, clock.now()))
    form, overview = _overview_of(request)
    shown = {
        "form": form,
        "overview": overview,
        "query": request.GET.urlencode(),
        "late": _late(request.user),
        "latency": optouts.latency(len(overview.period.days)),
        "scripts_waiting": scripts.review_queue(request.user),
    }
    return render(request, "console/home.html", shown)


@for_roles(Role.SUPERVISOR, Role.COMPLIANCE)
@require_GET
def overview_file(request: StaffRequest, form: str) -> HttpResponse:
    """The figures of the overview, for a table or for a folder."""
    overview = _overview_of(request)[1]
    name = f"hegui-{overview.period.since}-{overview.period.until}.{form}"
    if form == "csv":
        return attachment(papers.overview_csv(overview), name=name, kind="text/csv")
    return attachment(papers.overview_pdf(overview), name=name, kind="application/pdf")


def _overview_of(request: StaffRequest) -> tuple[OverviewForm, Overview]:
    """Of the period and campaign of the address; what is not understood there is left out."""
    form = OverviewForm(
        {"days": "30", **request.GET.dict()}, campaigns=campaigns.campaigns_of(request.user).order_by("name")
    )
    form.is_valid()
    chosen = form.cleaned_data
    return form, Overview(request.user, Period.of_days(int(chosen.get("days", 30))), chosen.get("campaign"))


def _late(user: User) -> list[tuple[str, int, str]]:
    """What is overdue: words, how much, where."""
    today = timezone.localdate(clock.now())
    requests = rights.requests_of(user).filter(closed_at__isnull=True, due_on__lt=today).count()
    found = [
        (_("data-subject requests"), requests, reverse("requests") + "?left=late"),
        (
            _("complaints"),
            quality.overdue_complaints(quality.complaints_of(user)).count(),
            reverse("complaints") + "?late=1",
        ),
        (
            _("corrective actions"),
            quality.overdue_actions(quality.actions_of(user)).count(),
            reverse("actions") + "?late=1",
        ),
    ]
    return [each for each in found if each[1]]


@for_roles(*Role.values)
@require_http_methods(["GET", "POST"])
def search(request: StaffRequest) -> HttpResponse:
    """The one thing that was looked for, or what there is of it.

    Sent by POST. Words that name something of the site get an address of their own (`?q=`); a number, and
    what names nothing and may be a client's name, stands in no address and no log.
    """
    form = SearchForm(request.POST if request.method == "POST" else {"words": request.GET.get("q", "")})
    words = (
        " ".join(unicodedata.normalize("NFKC", form.cleaned_data["words"]).split()) if form.is_valid() else ""
    )
    if searching.is_number(words) and request.user.role != Role.ADMIN and request.method == "POST":
        return contacts_by_number(request, NumberForm({"number": words}))
    if url := searching.page_of_id(request.user, words):
        return redirect(url)
    groups = searching.found_by(request.user, words) if words else []
    if len(groups) == len(groups[0].hits if groups else ()) == 1:
        return redirect(groups[0].hits[0].url)
    if request.method == "POST" and any(not group.is_about_people for group in groups):
        return redirect(f"{reverse('search')}?{urlencode({'q': words})}")
    return render(request, "console/found.html", {"words": words, "groups": groups})


@for_roles(Role.ADMIN, Role.COMPLIANCE)
@require_GET
def duties(request: StaffRequest) -> HttpResponse:
    """Which duties run by themselves, when they last ran and what they did."""
    now = clock.now()
    runs = BackupRun.objects.order_by("-pk")
    shown = {
        "run": PurgeRun.objects.order_by("-pk").first(),
        "backup": last_good(),
        "drill": runs.filter(kind=BackupRun.Kind.DRILL).first(),
        "trail": trail_state(),
        "ledger": str(ledger_file()),
        "files_stuck": FileToDelete.objects.filter(tries__gt=0).count(),
        "jobs_waiting": Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING]).count(),
        "calling": policies.calling_policy(now),
        "contact_days": policies.days_kept(DataClass.CONTACT, now),
        "last_year": policies.calendar(now).last_known_year,
        "duties": scheduled.duties(request.user, now),
    }
    return render(request, "console/duties.html", shown)
