"""`|join_items`, `|join_clauses`, `|cite`, `|duty`, `|reference`: lists, laws, duties and codes in the
reader's language."""

from django import template
from django.utils.translation import gettext

from apps.core.calendar import clock
from apps.core.duties import duty_in_words
from apps.core.laws import cite
from apps.core.references import in_words, in_words_of_record
from apps.core.wording import join_clauses, join_items, when, zone_in_words

register = template.Library()
register.filter("join_items", join_items)
register.filter("join_clauses", join_clauses)
register.filter("is_past", lambda moment: moment < clock.now())
register.filter("zone", zone_in_words)
register.filter("when", when)
register.filter("cite", cite)
register.filter("reference", in_words)
register.filter("evidence", in_words_of_record)
register.filter("duty", duty_in_words)


@register.simple_tag
def labelled(label: object, value: object) -> str:
    """`{% labelled _("Reveal") name %}`: a label and what stands behind its colon."""
    return gettext("%(label)s: %(value)s") % {"label": label, "value": value}
