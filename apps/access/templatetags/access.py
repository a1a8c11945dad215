"""Words about findings, for lists."""

from django import template

from ..models import Finding
from ..wording import evidence_text, proposal, right_label, thing

register = template.Library()


@register.filter
def total(counts: dict[str, int]) -> int:
    return sum(counts.values())


@register.filter
def evidence(finding: Finding) -> str:
    return evidence_text(finding)


register.filter("thing", thing)
register.filter("right", right_label)


@register.filter(name="proposal")
def proposal_of(finding: Finding) -> str:
    return str(proposal(finding))
