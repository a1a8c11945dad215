"""The rules of the automatic check: the list, one rule with its examples and hits, a new version of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import StaffRequest
from apps.accounts.roles import Role
from apps.core.duties import duty_in_words
from apps.core.errors import BadInput, HeguiError, NotFound
from apps.core.laws import LAWS, cite
from apps.core.wording import join_items
from apps.policies import queries as policies
from apps.ui.decorators import for_roles, sudo

from .. import queries, services
from ..checking import PackRule, failed_examples, shipped_rules, words_of_class, written_rule
from ..forms import NewRuleForm, RuleForm
from ..models import SCRIPT_KINDS, RuleVersion
from ..wording import DUTIES, LEVELS, advice_of, name_of

STAFF = (Role.SUPERVISOR, Role.COMPLIANCE)


@for_roles(*STAFF)
@require_GET
def rules(request: StaffRequest) -> HttpResponse:
    pack = queries.packs_in_force()
    waiting = {row.code: row for row in RuleVersion.objects.filter(state=RuleVersion.State.OPEN)}
    shown = {
        "rows": [
            {
                "code": code,
                "name": _name(pack.rule(code), waiting.get(code), code),
                "rule": pack.rule(code),
                "waiting": waiting.get(code),
            }
            for code in queries.rule_codes()
        ],
        "may_write": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "scripts/rules.html", shown)


def _name(in_force: PackRule | None, waiting: RuleVersion | None, code: str) -> str:
    """A rule that never was in force is called as its first version would be."""
    if in_force is None and waiting:
        return name_of(written_rule(code, waiting.rule, waiting.number), code)
    return name_of(in_force, code)


@for_roles(*STAFF)
@require_GET
def rule(request: StaffRequest, code: str) -> HttpResponse:
    """The duty, the law, the phrases, the examples, and which scripts in use it finds at fault."""
    if code not in queries.rule_codes():
        raise NotFound()
    found = queries.packs_in_force().rule(code)
    shown = {
        "code": code,
        "name": name_of(found, code),
        "rule": found,
        "says": _in_words(found) if found else None,
        "hits": queries.found_by(found) if found else [],
        "versions": RuleVersion.objects.filter(code=code)
        .select_related("written_by", "decided_by")
        .order_by("-number"),
        "may_write": request.user.role == Role.COMPLIANCE,
    }
    return render(request, "scripts/rule.html", shown)


def _class_in_words(name: str) -> str:
    """The first words of a class, as an example of the others."""
    words = words_of_class(name)
    return f"{join_items(words[:2])}…" if len(words) > 2 else join_items(words)


def _in_words(found: PackRule) -> dict[str, Any]:
    """A rule's parts as people read them."""
    raw = found.raw
    wrong, trades = set(failed_examples(found)), policies.trade_names()
    shown = {
        "level": LEVELS[found.level],
        "duty": _("%(label)s: %(value)s") % {"label": duty_in_words(found.duty), "value": DUTIES[found.duty]},
        "law": _("%(label)s: %(value)s") % {"label": cite(found.law), "value": LAWS[raw["law"]].about},
        "kinds": join_items(label for kind, label in SCRIPT_KINDS if kind in found.kinds),
        "trades": join_items(trades.get(trade, trade) for trade in sorted(found.trades)),
        "advice": advice_of(found),
        "phrases": [
            (_("May not be said"), "red", [str(term) for term in raw.get("terms", ())]),
            (
                _("Frames: what may not stand together"),
                "red",
                [" × ".join(map(_class_in_words, frame.classes)) for frame in found.frames],
            ),
            (_("Added to their classes"), "red", [str(line) for line in raw.get("words", ())]),
            (
                _("One has to be said"),
                "green",
                [str(term) for term in raw.get("required", ())] if found.number else [],
            ),
            (_("Innocent"), "secondary", [str(term) for term in raw.get("allow", ())]),
        ],
        "patterns": len(found.patterns) + len(found.required) + len(found.written) + len(found.denied),
        "examples": [
            (_("Finds"), [(text, ("must_find", text) in wrong) for text in found.must_find]),
            (_("Lets pass"), [(text, ("must_pass", text) in wrong) for text in found.must_pass]),
        ],
    }
    return shown


def _initial(code: str) -> dict[str, Any]:
    """The rule in force, as its form has it."""
    found = queries.packs_in_force().rule(code) or next(
        (each for each in shipped_rules() if each.code == code), None
    )
    if found is None:
        return {}
    raw, names = found.raw, found.name
    result = {
        part: [str(each) for each in raw.get(part, ())]
        for part in ("terms", "words", "allow", "must_find", "must_pass", "kinds", "trades")
    }
    return {
        **result,
        "required": [str(each) for each in raw.get("required", ())] if found.number else [],
        "level": found.level,
        "duty": found.duty,
        "law": next(law for law, text in LAWS.items() if str(text) == found.law),
        "negatable": found.negatable,
        "name_zh": names.get("zh") or name_of(found, code),
        "name_en": names.get("en") or code.replace("_", " "),
        "advice_zh": found.advice["zh"],
        "advice_en": found.advice["en"],
    }


@for_roles(Role.COMPLIANCE)
def rule_new(request: StaffRequest) -> HttpResponse:
    form = NewRuleForm(request.POST or None, initial={"level": "advisory", "kinds": ["marketing"]})
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if code in queries.rule_codes() or code == "new":
            form.add_error(
                "code", _("There is a rule of this code. Change that one, or choose another code.")
            )
        elif written := _write(request, form, code):
            return written
    return render(request, "form.html", {"form": form, "title": _("New rule"), "back": "rules"})


@for_roles(Role.COMPLIANCE)
def rule_change(request: StaffRequest, code: str) -> HttpResponse:
    """A new version of a rule, beginning with what is in force."""
    if code not in queries.rule_codes():
        raise NotFound()
    form = RuleForm(request.POST or None, initial=_initial(code))
    if request.method == "POST" and form.is_valid() and (written := _write(request, form, code)):
        return written
    name = queries.name_of_rule(code)
    return render(
        request,
        "form.html",
        {"form": form, "title": _("%(script)s: new version") % {"script": name}, "back": "rules"},
    )


def _write(request: StaffRequest, form: RuleForm, code: str) -> HttpResponse | None:
    try:
        made = services.write_rule(
            actor=request.user, code=code, rule=form.rule(), reason=form.cleaned_data["reason"]
        )
    except BadInput as error:
        form.add_error(None, str(error))
        return None
    messages.success(
        request, _("Written; its examples passed. Somebody else of compliance has to put it in force.")
    )
    return redirect("rule_version", code=code, number=made.number)


@for_roles(*STAFF)
@require_GET
def rule_version(request: StaffRequest, code: str, number: int) -> HttpResponse:
    """One version beside the rule in force: its examples, and what it would mean for the scripts in use."""
    version = get_object_or_404(
        RuleVersion.objects.select_related("written_by", "decided_by"), code=code, number=number
    )
    made = written_rule(version.code, version.rule, version.number)
    now = queries.packs_in_force().rule(code)
    is_open = version.state == RuleVersion.State.OPEN
    shown = {
        "version": version,
        "name": name_of(made, code),
        "says": _in_words(made),
        "now": _in_words(now) if now and is_open else None,
        "added": sorted(set(made.raw.get("terms", ())) - set(now.raw.get("terms", ()))) if now else [],
        "dropped": sorted(set(map(str, now.raw.get("terms", ()))) - set(made.raw.get("terms", ())))
        if now
        else [],
        "impact": queries.impact_of(version) if is_open else None,
        "blocked": queries.in_use().filter(pk__in=version.blocks),
        "may_decide": request.user.role == Role.COMPLIANCE
        and is_open
        and version.written_by_id != request.user.pk,
    }
    return render(request, "scripts/rule_version.html", shown)


DECISIONS = {"approve": services.approve_rule, "refuse": services.refuse_rule}


@for_roles(Role.COMPLIANCE)
@require_POST
@sudo
def rule_decide(request: StaffRequest, code: str, number: int, verdict: str) -> HttpResponse:
    version = get_object_or_404(RuleVersion, code=code, number=number)
    if verdict not in DECISIONS:
        raise NotFound()
    try:
        DECISIONS[verdict](actor=request.user, version=version)
    except HeguiError as error:
        messages.error(request, str(error))
    return redirect("rule_version", code=code, number=number)
