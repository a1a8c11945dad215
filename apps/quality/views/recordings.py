"""Recordings: which there are and which are missing, one of them, and its sound."""

from datetime import date, timedelta

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.audit.models import AccessEvent
from apps.audit.services import address_of, record_page
from apps.campaigns import queries as campaigns
from apps.core.calendar import clock
from apps.core.errors import HeguiError, NotAllowed
from apps.core.web.ids import row_number
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of
from apps.ui.pages import errors_of

from .. import queries, services
from ..filters import RecordingFilter
from ..forms import HeardForm, PlayForm, TranscriptForm
from ..models import Transcript
from ..rules.listening import RangeBeyondEnd
from ..tables import RecordingTable
from .sheet import sheet_of

LISTENERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)
STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)
COVERED = timedelta(days=6)


@for_roles(*LISTENERS)
@require_GET
def recordings(request: StaffRequest) -> HttpResponse:
    rows = queries.recordings_of(request.user)
    if request.user.role in STAFF:
        said = Transcript.objects.filter(call=OuterRef("call"))
        rows = rows.annotate(worst=Subquery(said.values("worst")[:1]))
    chosen = RecordingFilter(request.GET, queryset=rows, campaigns=campaigns.campaigns_of(request.user))
    listed = list_of(request, RecordingTable, chosen)
    record_page(request, subject="recordings", purpose="list", count=len(listed.page.rows))
    return render(
        request, "quality/recordings.html", {**listed.context, "is_staff": request.user.role in STAFF}
    )


def day_of(text: str, default: date) -> date:
    """The day of an address; what is none is the default."""
    try:
        return parse_date(text) or default
    except ValueError:
        return default


@for_roles(*STAFF)
@require_GET
def coverage(request: StaffRequest) -> HttpResponse:
    """Connected calls with and without a recording, by day and line; with `?day=…&line=…` the calls that lack
    one."""
    today = timezone.localdate(clock.now())
    until = day_of(request.GET.get("until", ""), today)
    since = max(day_of(request.GET.get("since", ""), until - COVERED), until - timedelta(days=92))
    campaign = (
        campaigns.campaigns_of(request.user)
        .filter(pk=row_number(request.GET.get("campaign", "")) or 0)
        .first()
    )
    rows = queries.coverage_of(request.user, since, until, campaign=campaign.pk if campaign else None)
    line = request.GET.get("line", "")
    day = day_of(request.GET.get("day", ""), today)
    total = {
        name: sum(row[name] for row in rows)
        for name in ("calls", "recorded", "transcribed", "reviewed", "missing")
    }
    missing = (
        list(queries.missing_of(request.user, day, line, campaign=campaign.pk if campaign else None)[:500])
        if line
        else []
    )
    return render(
        request,
        "quality/coverage.html",
        {
            "rows": rows,
            "total": total,
            "since": since,
            "until": until,
            "line": line,
            "day": day,
            "missing": missing,
            "campaign": campaign,
        },
    )


@for_roles(*LISTENERS)
@require_GET
def recording(request: StaffRequest, pk: int) -> HttpResponse:
    """One recording: what is known of it, and once a purpose was named, its sound and its words."""
    found = get_object_or_404(
        queries.recordings_of(request.user).select_related("call__contact", "script_version__script"), pk=pk
    )
    sheet = sheet_of(request, recording=found, call_id=found.call_id)
    record_page(request, subject=found.public_id, purpose="look up")
    shown = {
        "recording": found,
        "sheet": sheet,
        "play_form": PlayForm(is_agent=request.user.role == Role.AGENT, initial={"purpose": "quality"}),
        "reviews": queries.reviews_of(request.user).filter(call=found.call_id) if found.call_id else [],
        "is_staff": request.user.role in STAFF,
        "transcript_form": TranscriptForm()
        if request.user.role in STAFF and found.call_id and not sheet.transcript
        else None,
    }
    return render(request, "quality/recording.html", shown)


@for_roles(*LISTENERS)
@require_POST
def recording_play(request: StaffRequest, pk: int) -> HttpResponse:
    """Name the purpose; then it can be heard."""
    found = get_object_or_404(queries.recordings_of(request.user), pk=pk)
    form = PlayForm(request.POST, is_agent=request.user.role == Role.AGENT)
    back = reverse("recording", args=[found.pk])
    if not form.is_valid():
        messages.error(
            request, _("Say what you listen for: quality control, a dispute, or improvement (R17).")
        )
        return redirect(back)
    if form.cleaned_data["review"]:
        back = reverse("quality_review", args=[form.cleaned_data["review"]])
    try:
        play = services.begin_play(
            actor=request.user,
            recording=found,
            purpose=form.cleaned_data["purpose"],
            address=address_of(request),
        )
    except HeguiError as error:
        messages.error(request, str(error))
        return redirect(back)
    return redirect(f"{back}?play={play.pk}")


@for_roles(*STAFF)
@require_POST
def transcript_new(request: StaffRequest, pk: int) -> HttpResponse:
    """What was said, from a file, where no system handed it in."""
    found = get_object_or_404(queries.recordings_of(request.user), pk=pk, call__isnull=False)
    form = TranscriptForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, errors_of(form))
        return redirect("recording", pk=pk)
    try:
        services.take_transcript(
            client=None,
            call_id=found.call_number,
            raw=form.cleaned_data["file"],
            source=f"upload:{request.user.pk}",
        )
    except HeguiError as error:
        messages.error(request, str(error))
    else:
        record_page(request, subject=found.public_id, purpose="transcript", kind=AccessEvent.Kind.IMPORTED)
        messages.success(request, _("The transcript is stored and checked."))
    return redirect("recording", pk=pk)


@for_roles(*LISTENERS)
@require_GET
def play_sound(request: StaffRequest, pk: int) -> HttpResponseBase:
    """A piece of the sound, for a player on a page: to go there, or to save it, is refused."""
    if request.headers.get("Sec-Fetch-Dest", "audio") not in {"audio", "video", "empty"}:
        raise NotAllowed(_("Recordings are heard on their page. They are not downloaded."))
    try:
        piece = services.serve(actor=request.user, play_id=pk, asked=request.headers.get("Range", ""))
    except RangeBeyondEnd as error:
        answer = HttpResponse(str(error), status=416, content_type="text/plain; charset=utf-8")
        answer["Content-Range"] = f"bytes */{error.size}"
        return answer
    streamed = StreamingHttpResponse(piece.content, status=206, content_type=piece.content_type)
    streamed["Content-Range"] = f"bytes {piece.start}-{piece.end - 1}/{piece.size}"
    streamed["Content-Length"] = str(piece.end - piece.start)
    streamed["Accept-Ranges"] = "bytes"
    streamed["Cache-Control"] = "no-store"
    streamed["Content-Disposition"] = "inline"
    streamed["Cross-Origin-Resource-Policy"] = "same-origin"
    return streamed


@for_roles(*LISTENERS)
@require_POST
def play_heard(request: StaffRequest, pk: int) -> HttpResponse:
    """What the player says was heard; `done` ends the play."""
    form = HeardForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    services.note_heard(actor=request.user, play_id=pk, heard=form.cleaned_data["heard"])
    if form.cleaned_data["done"]:
        services.end_play(pk, request.user)
    return HttpResponse(status=204)
