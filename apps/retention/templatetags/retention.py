"""Holds on pages: what a hold names, and the badge of what is held."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.calls.models import Call, Decision
from apps.contacts.models import Contact
from apps.core.web import ids
from apps.quality.models import Complaint, Recording

from ..forms import PREFIXES
from ..holds import keeping
from ..models import LegalHold
from ..wording import counts_in_words, failures_in_words

register = template.Library()


register.filter("counts_in_words", counts_in_words)
register.filter("failures_in_words", failures_in_words)


@register.filter
def named(hold: LegalHold) -> str:
    """The public id of what is held, or the time of the calls."""
    kind = LegalHold.Kind(hold.kind)
    if kind in PREFIXES and hold.target_id is not None:
        return ids.encode(PREFIXES[kind], hold.target_id)
    return f"{hold.query.get('since', '')[:16]} – {hold.query.get('until', '')[:16]}".replace("T", " ")


@register.simple_tag
def held_badge(thing: Contact | Call | Decision | Recording | Complaint) -> SafeString | str:
    """A badge when a hold keeps it (of a decision: its call) from deletion."""
    holds: list[LegalHold] = []
    if isinstance(thing, Contact):
        holds = keeping(contact_id=thing.pk)
    elif isinstance(thing, Recording):
        holds = keeping(recording=thing)
    elif isinstance(thing, Complaint):
        holds = keeping(complaint_id=thing.pk)
    elif call := thing if isinstance(thing, Call) else Call.objects.filter(decision=thing).first():
        holds = keeping(call=call)
    if not holds:
        return ""
    return format_html(
        '<span class="badge bg-yellow-lt" title="{}">{}</span>', holds[0].reason, _("on legal hold")
    )
