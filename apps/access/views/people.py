"""Pages of people and departments: what admins do with them, and what everybody does with their own
sessions."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import services
from apps.accounts.models import Department, User
from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import NotFound
from apps.notifications.services import notify, queue_mail
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of
from apps.ui.pages import form_page, said

from ..filters import PeopleFilter
from ..forms import DepartmentForm, DetailsForm, PersonForm
from ..tables import PeopleTable


@for_roles(Role.ADMIN)
@require_GET
def people(request: StaffRequest) -> HttpResponse:
    chosen = PeopleFilter(request.GET, queryset=User.objects.select_related("department"))
    return render(request, "access/people.html", list_of(request, PeopleTable, chosen).context)


@for_roles(Role.ADMIN)
@sudo
def person_add(request: StaffRequest) -> HttpResponse:
    """Nobody types a password for somebody else: the page after this one shows a link with which the person
    sets it."""
    if not Department.objects.filter(closed_at=None).exists():
        messages.info(request, _("Open a department first: everybody works in one."))
        return redirect("departments")
    form = PersonForm(request.POST or None)
    made: list[User] = []
    page = form_page(
        request, form, title=_("Add a person"), back=reverse("people"),
        change=lambda data: made.append(services.add_person(actor=request.user, **data)),
    )  # fmt: skip
    if not made:
        return page
    _notify_of_role(request, made[0])
    return _invitation(request, made[0])


def _notify_of_role(request: StaffRequest, person: User) -> None:
    """Those who may agree, when the role that was given needs a second person."""
    if asked := person.role_requests.filter(services.open_requests()).first():
        notify(
            services.deciders(request.user, person), "role_asked", who=str(request.user), person=str(person),
            role=asked.role,
        )  # fmt: skip
        messages.info(
            request,
            _(
                "Another administrator or a compliance officer has to agree to the role, once %(person)s has "
                "set a password and a second factor. Until then %(person)s is an agent without a campaign."
            )
            % {"person": person}
            if person.role == Role.AGENT
            else _("Another administrator or a compliance officer has to agree to the role."),
        )


def _invitation(request: StaffRequest, person: User) -> HttpResponse:
    """Show a new link this once, and send it by e-mail where the person has an address."""
    token = services.invite(actor=request.user, user=person)
    others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=request.user.pk)
    notify({person, *others}, "link_made", who=str(request.user), person=str(person))
    where = reverse("invitation_open", kwargs={"token": token})
    url = settings.HEGUI_URL.rstrip("/") + where if settings.HEGUI_URL else request.build_absolute_uri(where)
    is_mailed = bool(person.email and settings.EMAIL_URL)
    if is_mailed:
        text = _("Set your password for Hegui within two days: %(url)s") % {"url": url}
        queue_mail(person=person, subject=_("Your sign-in for Hegui"), text=text, about="invitation")
    answer = render(
        request, "access/invitation_link.html", {"person": person, "url": url, "is_mailed": is_mailed}
    )
    answer["Cache-Control"] = "no-store"
    return answer


@for_roles(Role.ADMIN)
@sudo
def person_details(request: StaffRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    known = {
        "display_name": person.display_name, "staff_number": person.staff_number, "email": person.email,
        "department": person.department_id,
    }  # fmt: skip
    return form_page(
        request, DetailsForm(request.POST or None, initial=known), title=str(person),
        back=reverse("person", kwargs={"pk": pk}),
        change=lambda data: services.change_details(actor=request.user, user=person, **data), done=_("Done."),
    )  # fmt: skip


STEPS: dict[str, Callable[..., User]] = {
    "deactivate": services.deactivate,
    "reactivate": services.reactivate,
    "end-sessions": services.end_sessions,
}


@for_roles(Role.ADMIN)
@require_POST
@sudo
def person_change(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Deactivate, reactivate, end the sessions, give the role that was chosen, or make a link to set a
    password."""
    person = get_object_or_404(User, pk=pk)
    if step == "invite":
        return _invitation(request, person)
    if step == "role":
        person = services.change_role(actor=request.user, user=person, role=request.POST.get("role", ""))
    elif step in STEPS:
        person = STEPS[step](actor=request.user, user=person)
    else:
        raise NotFound()
    messages.success(request, _("Done."))
    if step in {"role", "reactivate"}:
        _notify_of_role(request, person)
    return redirect("person", pk=pk)


@for_roles(Role.ADMIN)
@require_POST
@sudo
def factor_reset_ask(request: StaffRequest, pk: int) -> HttpResponse:
    """A colleague lost their second factor: somebody else has to agree that it is taken away."""
    person = get_object_or_404(User, pk=pk)
    reason = request.POST.get("reason", "")
    if said(
        request, lambda: services.ask_factor_reset(actor=request.user, user=person, reason=reason),
        _("Asked. Another administrator or a compliance officer has to agree."),
    ):  # fmt: skip
        notify(
            services.deciders(request.user, person), "factor_reset_asked", who=str(request.user),
            person=str(person),
        )  # fmt: skip
    return redirect("person", pk=pk)


@for_roles(Role.ADMIN)
def departments(request: StaffRequest) -> HttpResponse:
    """Every department with how many people work there; a new one is opened here."""
    form = DepartmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said(request, lambda: services.open_department(actor=request.user, **form.cleaned_data), _("Opened."))
        return redirect("departments")
    found = Department.objects.annotate(count=Count("people", filter=Q(people__is_active=True))).order_by(
        "closed_at", "name"
    )
    return render(request, "access/departments.html", {"departments": found, "form": form})


@for_roles(Role.ADMIN)
def department(request: StaffRequest, pk: int) -> HttpResponse:
    """Its name, its people, its history; it is closed once nobody works there."""
    found = get_object_or_404(Department, pk=pk)
    form = DepartmentForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        said(
            request,
            lambda: services.rename_department(actor=request.user, department=found, **form.cleaned_data),
            _("Done."),
        )
        return redirect("department", pk=pk)
    people_of = found.people.filter(is_active=True).order_by("display_name")
    return render(request, "access/department.html", {"department": found, "form": form, "people": people_of})


@for_roles(Role.ADMIN)
@require_POST
def department_close(request: StaffRequest, pk: int) -> HttpResponse:
    said(
        request,
        lambda: services.close_department(
            actor=request.user, department=get_object_or_404(Department, pk=pk)
        ),
        _("Closed."),
    )
    return redirect("department", pk=pk)


@for_roles(*Role.values)
@require_POST
def own_sessions_end(request: StaffRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    services.end_sessions(actor=request.user, user=request.user)
    return redirect("account_login")
