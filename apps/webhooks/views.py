"""Pages of webhooks, for admins: where messages go, what became of each."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.errors import HeguiError, NotFound
from apps.ui.decorators import for_roles, sudo
from apps.ui.lists import list_of

from . import services
from .filters import DeliveryFilter
from .forms import EndPointForm
from .models import Delivery, EndPoint
from .tables import DeliveryTable, EndPointTable


@for_roles(Role.ADMIN)
@require_GET
def end_points(request: StaffRequest) -> HttpResponse:
    counted = EndPoint.objects.select_related("client").annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state="waiting")),
        dead=Count("deliveries", filter=Q(deliveries__state="dead")),
    )
    return render(request, "webhooks/list.html", list_of(request, EndPointTable, counted).context)


@for_roles(Role.ADMIN)
@sudo
def end_point_add(request: StaffRequest) -> HttpResponse:
    """The secret is on the answer to this form, once, and nowhere else."""
    form = EndPointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = services.add_end_point(actor=request.user, **form.cleaned_data)
        except HeguiError as error:
            form.add_error(None, str(error))
        else:
            return render(request, "webhooks/secret.html", {"end_point": made, "secret": secret})
    return render(request, "form.html", {"form": form, "title": _("New end point"), "back": "end_points"})


@for_roles(Role.ADMIN)
@require_GET
def end_point(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(EndPoint.objects.select_related("client"), pk=pk)
    chosen = DeliveryFilter(request.GET, queryset=found.deliveries.select_related("event"))
    dead = found.deliveries.filter(state=Delivery.State.DEAD).count()
    return render(
        request,
        "webhooks/end_point.html",
        {**list_of(request, DeliveryTable, chosen).context, "end_point": found, "dead": dead},
    )


@for_roles(Role.ADMIN)
@require_POST
@sudo
def end_point_change(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """A new secret, everything that was given up once more, the end, or a new beginning."""
    found = get_object_or_404(EndPoint, pk=pk)
    if step == "rotate":
        found, secret = services.rotate_secret(actor=request.user, end_point=found)
        return render(request, "webhooks/secret.html", {"end_point": found, "secret": secret})
    if step == "again":
        brought = services.send_all_again(actor=request.user, end_point=found)
        messages.success(
            request,
            ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", brought)
            % {"count": brought},
        )
        return redirect("end_point", pk=pk)
    if step not in {"end", "begin"}:
        raise NotFound()
    services.switch_end_point(actor=request.user, end_point=found, active=step == "begin")
    messages.success(request, _("Done."))
    return redirect("end_point", pk=pk)


@for_roles(Role.ADMIN)
@require_POST
def delivery_again(request: StaffRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery, pk=pk)
    services.send_again(actor=request.user, delivery=delivery)
    messages.success(request, _("It is sent again."))
    return redirect("end_point", pk=delivery.end_point_id)
