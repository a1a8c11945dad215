"""SQL about contacts for the statements of rooms above: one wording of a rule, whoever asks."""

from typing import LiteralString

# A doubt `d` about the number of a contact `contact` is in force (R40): undecided, or decided against the
# consent that there was then.
DOUBT_IN_FORCE: LiteralString = """(d.state = 'open' or d.state = 'ended' and not exists (
    select from contacts_consent k where k.contact_id = contact.id and k.withdrawn_at is null
        and k.recipient = '' and k.given_at > d.decided_at))"""
