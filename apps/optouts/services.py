"""Recording a refusal: at once and for good."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import ApiClient, User
from apps.core import blind_index, clock, keyring
from apps.core.blind_index import Phone
from apps.core.locks import lock_number

from . import signals
from .models import OptOut


@transaction.atomic
def record_opt_out(
    *,
    phone: Phone,
    channel: str,
    evidence: str,
    said_at: datetime | None = None,
    recorded_by: User | None = None,
    client: ApiClient | None = None,
) -> OptOut:
    """Put a number on the register. From the commit on no call to it is authorised; rooms above
    withdraw what they hold of it in the same transaction.

    `evidence` names what shows the refusal (`call:17`, a message's id); the same evidence twice
    is one entry. `said_at` is when the person said so, by default now.
    """
    index = blind_index.number_index(phone)
    lock_number(index)
    opt_out, made = OptOut.objects.get_or_create(
        number_hash=blind_index.register_hash(phone),
        evidence=evidence,
        defaults={
            "key_id": keyring.keys("register").current_id,
            "channel": channel,
            "said_at": said_at or clock.now(),
            "recorded_by": recorded_by,
            "client": client,
        },
    )
    if made:
        signals.opt_out_recorded.send(sender=OptOut, opt_out=opt_out, number_index=index)
    return opt_out
