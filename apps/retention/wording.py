"""What classes of data are called, and why some of it could not be deleted."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from apps.core.wording import join_items
from apps.policies.models import DataClass


def class_label(code: str) -> str:
    """A purge counts classes of data, and beside them files and the erasures of people."""
    if code in DataClass.values:
        return str(DataClass(code).label)
    return {"files": _("files"), "erasures": _("erasures of people"), "run": _("the run itself")}.get(
        code, code
    )


def classes_in_words(codes: Iterable[str]) -> str:
    return join_items(map(class_label, codes))


def counts_in_words(counts: Mapping[str, int]) -> str:
    return join_items(f"{class_label(code)} {count:,}" for code, count in counts.items())


def failures_in_words(failures: Mapping[str, str]) -> str:
    """By class; the name of the error is for the reader of the server's log."""
    return join_items(
        _("%(label)s (error %(error)s)") % {"label": class_label(code), "error": why}
        if not why.isdigit()
        else f"{class_label(code)} {why}"
        for code, why in failures.items()
    )
