"""The compiled catalogue of translations, made by Babel: no GNU gettext is needed."""

import tempfile
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

LOCALE = "zh_Hans"
TOP = Path(__file__).resolve().parent.parent.parent
SOURCE = TOP / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def compile_if_older() -> None:
    """Write the `.mo` beside the `.po` when it is older or missing; costs two `stat`s otherwise. An installed
    package brings it.

    Where it cannot be written pages are in English, and the log says so.
    """
    if not SOURCE.exists():
        return
    compiled = SOURCE.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= SOURCE.stat().st_mtime:
        return
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    try:
        # others may start too
        with (
            SOURCE.open("rb") as source,
            tempfile.NamedTemporaryFile(dir=compiled.parent, delete=False) as file,
        ):
            write_mo(file, read_po(source, locale=LOCALE))
    except OSError as error:
        log.warning("translations_not_written", why=error.strerror)
        return
    draft = Path(file.name)
    try:
        draft.chmod(0o644)
        draft.replace(compiled)
    except OSError as error:
        draft.unlink(missing_ok=True)
        log.warning("translations_not_written", why=error.strerror)
