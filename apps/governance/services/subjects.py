"""Things that may need an impact assessment: how each is described, and why it needs one.

A description holds codes and names that people chose, no person's data. When it reads otherwise later, the
thing is assessed again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db.models import Model

from apps.accounts.models import User
from apps.campaigns import queries as campaigns
from apps.campaigns.models import Campaign
from apps.core.errors import NotFound
from apps.core.web import ids
from apps.scripts.models import Voice
from apps.sharing import queries as sharing
from apps.sharing.models import Share

from ..rules.assessing import Trigger, needed_because

_RULES = Path(__file__).parent.parent / "packs" / "assessments.yaml"


@cache
def triggers() -> tuple[Trigger, ...]:
    return tuple(Trigger(**each) for each in yaml.safe_load(_RULES.read_text(encoding="utf-8")))


def _voice(campaign: Campaign) -> str:
    """Synthetic as soon as the campaign or its script says so."""
    voices = {campaign.voice, campaign.script.voice if campaign.script else ""}
    return str(Voice.SYNTHETIC if Voice.SYNTHETIC in voices else campaign.voice)


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return {
        "kind": "campaign", "call_kind": campaign.kind, "trade": campaign.trade, "voice": _voice(campaign),
        "basis": campaign.lawful_basis,
        "brand": campaign.brand, "risk": campaign.product_risk,
    }  # fmt: skip


def _around_campaign(campaign: Campaign) -> dict[str, Any]:
    script, until = campaign.script.code if campaign.script else "", campaign.ends_on.isoformat()
    return {
        "purpose": campaign.purpose.code,
        "script": script,
        "until": until,
        "recipients": sorted(campaign.clients.values_list("name", flat=True)),
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "kind": "share",
        "fields": sorted(share.fields),
        "in_clear": share.is_clear,
        "form": share.form,
        "purpose": share.purpose,
    }


def _around_share(share: Share) -> dict[str, Any]:
    return {"campaign": share.campaign.code, "recipients": [str(share.asked_by.department or share.asked_by)]}


@dataclass(frozen=True)
class Subject:
    """`facts` are of the row alone, and are what triggers look at; `around` asks other tables. `seen_by`
    gives the rows that a viewer may open."""

    model: type[Model]
    facts: Callable[[Any], dict[str, Any]]
    around: Callable[[Any], dict[str, Any]]
    seen_by: Callable[[User], Any]


SUBJECTS: Mapping[str, Subject] = {
    "campaign": Subject(Campaign, _campaign, _around_campaign, campaigns.campaigns_of),
    "share": Subject(Share, _share, _around_share, sharing.shares_of),
}


def kind_of(about: Model) -> str:
    """Raises `NotFound` for a thing that is never assessed."""
    for kind, subject in SUBJECTS.items():
        if isinstance(about, subject.model):
            return kind
    raise NotFound()


def described(about: Model) -> dict[str, Any]:
    """What is assessed: codes, and names that people chose."""
    subject = SUBJECTS[kind_of(about)]
    return subject.facts(about) | subject.around(about)


def why_needed(about: Model) -> list[str]:
    """Codes of what makes an assessment necessary; none where it is not. Asks no table."""
    return needed_because(triggers(), SUBJECTS[kind_of(about)].facts(about))


def thing_of(kind: str, key: int) -> Model | None:
    """The thing that an assessment is about, for whoever may read the assessment; None for one that is
    gone."""
    found: Model | None = SUBJECTS[kind].model._default_manager.filter(pk=key).first()
    return found


def find(viewer: User, public_id: str) -> Model:
    """The thing with this public id, as far as the viewer may see it. Raises `NotFound`."""
    for kind, subject in SUBJECTS.items():
        if public_id.partition("_")[0] == ids.PREFIXES[kind]:
            found: Model | None = (
                subject.seen_by(viewer).filter(pk=ids.decode(ids.PREFIXES[kind], public_id)).first()
            )
            if found is not None:
                return found
    raise NotFound()
