"""What contacts are used for and under which names campaigns call: lists that compliance keeps and others
choose from."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.contacts import services as contacts
from apps.contacts.models import Purpose
from apps.ui.decorators import for_roles
from apps.ui.pages import form_page, said

from .. import services
from ..forms import BrandForm, PurposeForm
from ..models import Brand


@for_roles(Role.SUPERVISOR, Role.COMPLIANCE)
def purposes(request: StaffRequest) -> HttpResponse:
    shown = {
        "purposes": Purpose.objects.prefetch_related("sources", "campaigns").order_by("retired_at", "name"),
        "brands": Brand.objects.order_by("retired_at", "name"),
        "may_change": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "campaigns/purposes.html", shown)


@for_roles(Role.COMPLIANCE)
def purpose_new(request: StaffRequest) -> HttpResponse:
    return form_page(
        request, PurposeForm(request.POST or None), title=_("Record a purpose"), back=reverse("purposes"),
        done=_("Recorded."),
        change=lambda data: contacts.record_purpose(actor=request.user, **data),
    )  # fmt: skip


@for_roles(Role.COMPLIANCE)
def brand_new(request: StaffRequest) -> HttpResponse:
    return form_page(
        request, BrandForm(request.POST or None), title=_("Record a brand"), back=reverse("purposes"),
        done=_("Recorded."),
        change=lambda data: services.record_brand(actor=request.user, **data),
    )  # fmt: skip


@for_roles(Role.COMPLIANCE)
@require_POST
def purpose_retire(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Purpose, pk=pk)
    said(
        request,
        lambda: contacts.retire_purpose(actor=request.user, purpose=found),
        _("Nothing new will name it."),
    )
    return redirect("purposes")


@for_roles(Role.COMPLIANCE)
@require_POST
def brand_retire(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Brand, pk=pk)
    said(
        request,
        lambda: services.retire_brand(actor=request.user, brand=found),
        _("Nothing new will name it."),
    )
    return redirect("purposes")
