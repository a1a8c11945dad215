"""Having the third reader read a version, once for each text and model; what it said, cost and failed is
kept."""

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core.calendar import clock

from .. import queries
from ..models import ScriptVersion, ThirdReading
from ..third_reader import ReaderFailed, ask

log = structlog.get_logger(__name__)


def is_configured() -> bool:
    return bool(settings.HEGUI_THIRD_READER_URL and settings.HEGUI_THIRD_READER_MODEL)


def want_reading(version: ScriptVersion) -> None:
    """Ask for a reading once the caller's transaction is over. Nothing waits for it; when the queue is away
    there is none."""
    if is_configured():
        transaction.on_commit(lambda: _send(version.pk), robust=True)


def _send(version_id: int) -> None:
    try:
        current_app.send_task("apps.scripts.tasks.read_by_third", args=[version_id])
    except OperationalError:
        log.warning("queue_away", task="third_reader")


def read_by_third(version_id: int) -> ThirdReading | None:
    """Have a version read, unless the same text was by the same model. A failure is kept, and the next
    submission tries again."""
    version = ScriptVersion.objects.select_related("script").filter(pk=version_id).first()
    if version is None or not is_configured():
        return None
    digest = queries.third_digest(version)
    if known := ThirdReading.objects.filter(text_sha256=digest, failure="").first():
        return known
    text, _begins = queries.spoken(version)
    codes = [
        rule.code
        for rule in queries.packs_in_force().rules
        if version.script.kind in rule.kinds and not rule.is_requirement
    ]
    began = clock.now()
    about = {"model": settings.HEGUI_THIRD_READER_MODEL[:80], "created_at": began}
    try:
        read = ask(
            text, url=settings.HEGUI_THIRD_READER_URL, model=settings.HEGUI_THIRD_READER_MODEL,
            key=settings.HEGUI_THIRD_READER_KEY,
            codes=codes,
        )  # fmt: skip
    except ReaderFailed as error:
        log.warning("third_reader_failed", version=version.pk, why=str(error))
        about |= {"failure": str(error)[:120]}
    else:
        about |= {
            "findings": read.findings,
            "not_believed": read.not_believed,
            "tokens": read.tokens,
            "failure": "",
        }
    about["took_ms"] = int((clock.now() - began).total_seconds() * 1000)
    reading, _is_new = ThirdReading.objects.update_or_create(text_sha256=digest, defaults=about)
    return reading
