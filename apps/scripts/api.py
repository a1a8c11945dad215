"""The automatic check for programs: a script editor, a transcript service."""

from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema
from pydantic import ConfigDict, StringConstraints

from apps.accounts.request_types import ClientRequest

from . import queries
from .checking import MOST_CHARACTERS, read

router = Router(tags=["scripts"])
MOST_THOROUGH = 2_000  # characters: reading by meaning takes some 70 ms for each 90 of them


class TextToCheck(Schema):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS, pattern=r"^[^\x00]*$")
    ] = Field(examples=["您好，这里是海桐银行，保本保息。"])
    type: Literal["marketing", "notification", "service", "sms"] = Field("marketing", examples=["marketing"])
    voice: Literal["human", "synthetic"] = Field("human", examples=["human"])
    trade: Annotated[str, StringConstraints(max_length=12, pattern=r"^[-a-z0-9_]+$")] = Field(
        "general", examples=["finance"]
    )


class FoundInText(Schema):
    code: str = Field(examples=["guaranteed_return"])
    start: int = Field(examples=[10])
    end: int = Field(examples=[14])
    level: Literal["blocking", "advisory"] = Field(examples=["blocking"])
    law: str = Field(examples=["《广告法》第25条"])
    strength: int = Field(0, description="of advice by the trained reader, in percent", examples=[87])
    like: list[str] = Field(
        [], description="known passages that it reads like", examples=[["三个月回本，亏了算我的。"]]
    )


class Findings(Schema):
    findings: list[FoundInText]


@router.post("scripts/check", response=Findings, exclude_defaults=True, summary="Check the text of a script")
def check_text(request: ClientRequest, payload: TextToCheck) -> dict[str, Any]:
    """Positions count characters of `text`; a part that is missing stands at 0, 0. Nothing is stored.

    Findings of the level "advisory" with a strength are advice by a reader that learned from examples. It
    reads texts of up to 2,000 characters by their meaning, longer ones by their characters alone.
    """
    pack, thorough = queries.packs_in_force(), len(payload.text) <= MOST_THOROUGH
    return {
        "findings": read(
            payload.text,
            kind=payload.type,
            trade=payload.trade,
            voice=payload.voice,
            pack=pack,
            thorough=thorough,
        )
    }
