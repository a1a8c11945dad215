"""Notices by e-mail, to those whom they were written for: urgent ones at once, the others each morning."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from apps.accounts.models import User
from apps.core.calendar import clock
from apps.core.errors import BadInput

from .. import rules
from ..models import MailChoice, Notice
from .outbox import queue_mail

log = structlog.get_logger(__name__)
YOUNG = timedelta(days=3)  # an older one was seen, or the digests of three mornings were missed
MOST_LINES = 50


def mode_of(person: User) -> str:
    choice = MailChoice.objects.filter(person=person).first()
    return str(choice.mode) if choice else MailChoice.Mode.AS_SET


def choose_mails(*, actor: User, mode: str) -> MailChoice:
    """Raises `BadInput` for an unknown choice."""
    if mode not in MailChoice.Mode.values:
        raise BadInput(_("Choose when e-mails are sent."))
    choice, _is_new = MailChoice.objects.update_or_create(person=actor, defaults={"mode": mode})
    return choice


def mail_now() -> int:
    """Send what is urgent. Returns how many e-mails."""
    return _mail(rules.goes_at_once)


def mail_in_the_morning() -> int:
    """Send the others, all of a person's in one e-mail."""
    return _mail(rules.goes_in_the_morning)


@transaction.atomic
def _mail(goes: Callable[[str, str], bool]) -> int:
    now = clock.now()
    modes = dict(MailChoice.objects.values_list("person_id", "mode"))
    fresh = Notice.objects.select_for_update(of=("self",), skip_locked=True).select_related("recipient")
    fresh = fresh.filter(mailed_at__isnull=True, read_at__isnull=True, done_at__isnull=True)
    fresh = fresh.filter(code__in=rules.BY_MAIL, created_at__gt=now - YOUNG)
    waiting: dict[User, list[Notice]] = defaultdict(list)
    for notice in fresh.exclude(recipient__email="").filter(recipient__is_active=True).order_by("pk"):
        if _has_words(notice) and goes(notice.code, modes.get(notice.recipient_id, MailChoice.Mode.AS_SET)):
            waiting[notice.recipient].append(notice)
    for person, notices in waiting.items():
        with override(settings.LANGUAGE_CODE):
            subject = ngettext(
                "Hegui: one thing waits for you", "Hegui: %(count)s things wait for you", len(notices)
            )
            queue_mail(
                person=person, subject=subject % {"count": len(notices)}, text=_text(notices), about="notices"
            )
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mailed_at=now)
    return len(waiting)


def _has_words(notice: Notice) -> bool:
    """Whether its sentence can be made: one that lacks a fact stays in the inbox and stops no other's
    mail."""
    try:
        notice.sentence_of(notice.facts)
    except (KeyError, TypeError, ValueError):  # a fact, or the notice itself, is not what this version knows
        log.exception("notice_without_words", notice=notice.pk, code=notice.code)
        return False
    return True


def _text(notices: list[Notice]) -> str:
    somebody = _("a colleague")
    lines = [
        f"- {notice.sentence_of(rules.without_people(notice.facts, somebody))}"
        for notice in notices[:MOST_LINES]
    ]
    if len(notices) > MOST_LINES:
        lines.append(_("- and %(count)s more") % {"count": len(notices) - MOST_LINES})
    where = settings.HEGUI_URL.rstrip("/") + reverse("inbox") if settings.HEGUI_URL else ""
    return "\n".join(
        [*lines, "", _("Sign in to see them: %(where)s") % {"where": where or _("your inbox in Hegui")}]
    )
