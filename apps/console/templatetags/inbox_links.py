"""`{% notice_link notice %}`: where a notice leads its reader."""

from django import template

from apps.notifications.models import Notice

from ..inbox_links import link_of

register = template.Library()


@register.simple_tag
def notice_link(notice: Notice) -> str:
    return link_of(notice.recipient, notice.code, notice.facts)
