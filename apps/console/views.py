"""Overview by role, enforcement, and the demo's sign-in buttons."""

import unicodedata
from datetime import timedelta
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.queries import trail_state
from apps.calls import queries as calls
from apps.campaigns.forms import NumberForm
from apps.campaigns.views import contacts_by_number
from apps.contacts.models import DataSource
from apps.core.calendar import clock
from apps.jobs.models import FileToDelete, Job
from apps.optouts import queries as optouts
from apps.policies import queries as policies
from apps.policies.models import DataClass
from apps.quality import queries as quality
from apps.retention.ledger import ledger_file
from apps.retention.models import BackupRun, PurgeRun
from apps.retention.services import last_good
from apps.scripts import queries as scripts
from apps.ui.decorators import for_roles

from . import scheduled, searching
from .forms import SearchForm


@for_roles(*Role.values)
@require_GET
def home(request: StaffRequest) -> HttpResponse:
    """Agents go to their desk, everybody else to an overview of what waits for them."""
    if request.user.role == Role.AGENT:
        return redirect("desk")
    if request.user.role == Role.ADMIN:
        return redirect("people")
    since = clock.now() - timedelta(days=7)
    shown = {
        "latency": optouts.latency(),
        "numbers": calls.numbers_of_day(request.user, since),
        "quality": quality.numbers_of(request.user, since),
        "scripts_waiting": scripts.review_queue(request.user),
        "sources_waiting": DataSource.objects.filter(state=DataSource.State.DRAFT).select_related("recorded_by"),
        "is_compliance": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "console/home.html", shown)


@for_roles(*Role.values)
@require_http_methods(["GET", "POST"])
def search(request: StaffRequest) -> HttpResponse:
    """The one thing that was looked for, or what there is of it.

    Sent by POST. Words that name something of the site get an address of their own (`?q=`); a number, and what names nothing and may be
    a client's name, stands in no address and no log.
    """
    form = SearchForm(request.POST if request.method == "POST" else {"words": request.GET.get("q", "")})
    words = " ".join(unicodedata.normalize("NFKC", form.cleaned_data["words"]).split()) if form.is_valid() else ""
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


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """The four buttons of the demo's sign-in page. There is no such page outside a demo."""
    if not settings.DEMO:
        raise Http404
    role = request.POST.get("role", "")
    user = get_object_or_404(User, username=role, role=role)
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, user, method="password", reauthenticated=True)
    return redirect("home")
