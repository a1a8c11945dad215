"""What is true of each channel on which a refusal comes in. Whoever adds a channel says it here."""

from dataclasses import dataclass

from .models import OptOut

Channel = OptOut.Channel


@dataclass(frozen=True)
class Traits:
    """`is_heard_at_once`: the word of the person themselves, counted in the time from word to block (R14).
    `is_written_by_site`: its evidence is written by Hegui, not by another system or a person. `is_by_hand`:
    somebody may record it on a page. `colour` in charts."""

    colour: str
    is_heard_at_once: bool = False
    is_written_by_site: bool = False
    is_by_hand: bool = False


TRAITS = {
    Channel.KEY: Traits("blue", is_heard_at_once=True, is_written_by_site=True),
    Channel.SMS: Traits("azure", is_heard_at_once=True, is_written_by_site=True),
    Channel.WEB: Traits("cyan", is_heard_at_once=True),
    Channel.AGENT: Traits("teal", is_heard_at_once=True, is_written_by_site=True, is_by_hand=True),
    Channel.COMPLAINT: Traits("indigo", is_by_hand=True),
    Channel.LIST: Traits("purple"),
    Channel.REGULATOR: Traits("orange"),
    Channel.API: Traits("yellow", is_heard_at_once=True),
    Channel.FORMER: Traits("secondary", is_written_by_site=True),
}
HEARD_AT_ONCE = [channel for channel, traits in TRAITS.items() if traits.is_heard_at_once]
BY_HAND = [channel for channel, traits in TRAITS.items() if traits.is_by_hand]
