"""The pages of decisions."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.campaigns import queries as campaigns
from apps.ui.decorators import for_roles
from apps.ui.lists import list_of

from .. import queries, services
from ..filters import DecisionFilter
from ..gate.rules import RULES
from ..tables import DecisionTable
from .wording import allowed_again_at, facts_in_words, in_words

READERS = (Role.AGENT, Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*READERS)
@require_GET
def decisions(request: StaffRequest) -> HttpResponse:
    chosen = DecisionFilter(request.GET, queryset=queries.decisions_of(request.user))
    chosen.filters["campaign"].field.queryset = campaigns.campaigns_of(request.user)
    return render(request, "calls/decisions.html", list_of(request, DecisionTable, chosen).context)


@for_roles(*READERS)
@require_GET
def decision(request: StaffRequest, pk: int) -> HttpResponse:
    """Why the gate said what it said: what stood against it, what was known, what passed, and the same
    verdict from the stored facts."""
    found = get_object_or_404(queries.decisions_of(request.user), pk=pk)
    reasons = in_words(found.codes, found.retry_at)
    others = [rule for code, rule in RULES.items() if code not in found.codes]
    shown = {
        "decision": found,
        "reasons": reasons,
        "again_at": allowed_again_at(reasons),
        "passed": [rule for rule in others if rule.code not in found.not_applicable],
        "spared": [rule for rule in others if rule.code in found.not_applicable],
        "replay": services.explain(found),
        "facts": facts_in_words(found),
    }
    return render(request, "calls/decision.html", shown)
