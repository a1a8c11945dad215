"""Times, sections and answers on pages."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..rules import cards
from ..rules.listening import clock_time as in_words

register = template.Library()


@register.filter
def clock_time(ms: int) -> str:
    """`83000` as `1:23`."""
    return in_words(ms)


@register.filter
def section_name(section: str) -> str:
    return str(cards.SECTIONS[section])


@register.filter
def item_text(item: cards.CardItem) -> str:
    return item.in_language(get_language() or "zh")


@register.simple_tag
def answer_badge(answers: dict[str, str], code: str) -> SafeString:
    """The answer to one item, with a colour and a word."""
    look, word = {"yes": ("bg-green-lt", _("yes")), "no": ("bg-red-lt", _("no"))}.get(
        answers.get(code, ""), ("bg-secondary-lt", _("does not apply"))
    )
    return format_html('<span class="badge {}">{}</span>', look, word)
