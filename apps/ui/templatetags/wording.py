"""`|join_items`, `|join_clauses`, `|cite`, `|duty`: lists, laws and duties in the reader's language."""

from django import template
from django.utils.translation import gettext

from apps.core.duties import duty_in_words
from apps.core.laws import cite
from apps.core.wording import join_clauses, join_items

register = template.Library()
register.filter("join_items", join_items)
register.filter("join_clauses", join_clauses)
register.filter("cite", cite)
register.filter("duty", duty_in_words)


@register.simple_tag
def labelled(label: object, value: object) -> str:
    """`{% labelled _("Reveal") name %}`: a label and what stands behind its colon."""
    return gettext("%(label)s: %(value)s") % {"label": label, "value": value}
