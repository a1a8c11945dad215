"""What a check of the trail says of each thing that it finds."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Promise] = {
    "row_changed": _("Row %(row)s was changed after it was signed."),
    "row_removed": _("Row %(row)s was removed."),
    "row_added": _("Row %(row)s was put in after the tree head."),
    "stretch_changed": _("Rows from %(after)s to %(upto)s are not those that were signed."),
    "hashes_changed": _("The kept hashes of this tree head were changed or removed."),
    "tree_head_changed": _("This tree head was changed: its signature does not fit."),
    "tree_head_removed": _("This tree head is missing."),
    "chain_broken": _("This tree head does not follow the one before it."),
    "form_unknown": _("This tree head was made by a newer Hegui."),
    "cut_changed": _(
        "The record that rows up to this tree head were dropped was changed: its signature does not fit."
    ),
    "cut_too_soon": _("Rows up to this tree head were dropped before 180 days were over."),
    "head_differs": _("The file of heads outside names another tree head of this number (line %(line)s)."),
    "export_changed": _("The first line of the export was changed: its signature does not fit."),
    "head_changed": _("Line %(line)s of the file of heads outside was changed: its signature does not fit."),
}


def sentence_of_finding(code: str, facts: Mapping[str, Any]) -> str:
    return str(SENTENCES[code]) % facts
