"""A call on its way through the telephone gateway: which gateway leads it to a carrier, once (R39)."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import ApiClient
from apps.core.calendar import clock
from apps.core.crypto import blind_index
from apps.core.crypto.blind_index import Phone
from apps.core.database.locks import lock_number
from apps.core.database.prepared_statements import Prepared
from apps.core.errors import HeguiError, NotFound

from ..models import Call
from .deciding import may_be_dialled, stored_line


class NotThisCall(HeguiError):
    """The reservation that a dialler names is for another number or line, is over, or was used."""

    code = "not_this_call"
    status = 409


@transaction.atomic
def relay_reserved(*, call_id: int, client: ApiClient, gateway: ApiClient, phone: Phone, line: str) -> Call:
    """Lead a call that the dialler had reserved before to a carrier: once, to the number and from the line of
    the reservation.

    The gate is asked again. Raises `NotFound` for a call that is not the client's, `NotThisCall` with what is
    wrong.
    """
    index = blind_index.number_index(phone)
    lock_number(index)
    call = (
        Call.objects.select_for_update(of=("self",))
        .select_related("contact", "campaign", "line", "agent")
        .filter(pk=call_id)
        .first()
    )
    if call is None or call.client_id != client.pk:
        raise NotFound()
    now = clock.now()
    if bytes(call.number_index) != index or call.line.number != stored_line(line):
        raise NotThisCall(_("The call was reserved for another number or another line."))
    if call.relayed_by_id is not None or call.made_at is not None:
        raise NotThisCall(_("The call was led to a carrier before; a reservation is for one call."))
    if not may_be_dialled(call, now):
        raise NotThisCall(_("The call may no longer be made. Ask the gate again."))
    call.relayed_by, call.handed_over_at = gateway, call.handed_over_at or now
    call.save(update_fields=["relayed_by", "handed_over_at"])
    return call


_RELAY = Prepared(
    "relay",
    """
update calls_call set relayed_by_id = %(gateway)s
where id = %(call)s and state = 'reserved' and end_requested_at is null and reserved_until > %(now)s
    and (relayed_by_id is null or relayed_by_id = %(gateway)s)
returning id, decision_id, line_id
""",
)


def relay_allowed(*, call_id: int, gateway: ApiClient) -> Call | None:
    """Note the gateway on a call that the gate has allowed just now; None where the call may no longer be
    made."""
    row = _RELAY.run({"call": call_id, "gateway": gateway.pk, "now": clock.now()})
    return None if row is None else Call.from_db("default", ("id", "decision_id", "line_id"), row)


@transaction.atomic
def may_be_led_on(call: Call) -> bool:
    """Whether a call that was allowed, and of which the gateway asks once more, may still be made."""
    lock_number(bytes(call.number_index))
    fresh = Call.objects.select_related("contact", "campaign", "line", "agent").get(pk=call.pk)
    return may_be_dialled(fresh, clock.now())
