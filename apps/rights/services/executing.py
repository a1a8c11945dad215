"""Carrying a request out, over every store."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.contacts.services import correct_name, note_withdrawal, withdraw_consents
from apps.core.database.locks import lock_number
from apps.core.errors import BadInput
from apps.jobs.services import delete_discarded

from .. import ports
from ..models import RequestEvent, SubjectRequest
from ..ports import Store
from ..wording import FOR_GOOD
from .handling import check_answer, close, locked
from .receiving import note

log = structlog.get_logger(__name__)
Kind, State = SubjectRequest.Kind, SubjectRequest.State


def preview(request: SubjectRequest) -> list[Store]:
    """What is here of the person: what a deletion would take, and what is kept and why."""
    return ports.erasing.provider.preview(number_index=bytes(request.number_index))


@transaction.atomic
def execute(*, actor: User, request: SubjectRequest, answer: str = "") -> SubjectRequest:
    """Carry it out, by compliance; certified, and over, unless a deletion leaves something that is kept for
    now.

    Raises `NotAllowed`, `WrongState`, `BadInput` where the answer or the right name is missing. The copy for
    "see" is made by `make_copy` first.
    """
    request = locked(actor, request, State.OPEN)
    check_answer(answer)  # before anything is written that a rollback does not take back
    state: str = State.DONE
    if request.kind == Kind.DELETE:
        state = _delete(request)
    elif request.kind == Kind.WITHDRAW:
        request.result = _result([Store("consents", _withdraw(request))])
    elif request.kind == Kind.CORRECT:
        request.result = _result([Store("contact", _correct(request, answer))])
    elif request.kind == Kind.SEE:
        if not request.archive_sha256:
            raise BadInput(_("Make the copy first."))
        request.result = _result(preview(request))
    elif not answer.strip():
        raise BadInput(
            _(
                "Write the explanation: purposes, lawful basis, where the data comes from, how long it is "
                "kept."
            )
        )
    close(request, state, answer)
    note(request, RequestEvent.Kind.EXECUTED, actor)
    if state == State.REMAINDER:
        # Files are deleted after the commit; those that went at once leave no remainder.
        transaction.on_commit(lambda: finish_remainder(request.pk), robust=True)
    return request


def _result(stores: Iterable[Store]) -> dict[str, Any]:
    stores = list(stores)
    kept = [[store.code, count, why] for store in stores for count, why in store.kept]
    until = max((store.until for store in stores if store.until), default=None)
    result = {"done": {store.code: store.goes for store in stores if store.goes}, "kept": kept}
    return result | ({"until": until.isoformat()} if until else {})


def _contact(request: SubjectRequest) -> Contact | None:
    return Contact.objects.filter(number_index=bytes(request.number_index)).first()


def _withdraw(request: SubjectRequest) -> int:
    contact = _contact(request)
    if contact is None:  # a list may bring them tomorrow
        lock_number(bytes(request.number_index))
        note_withdrawal(bytes(request.number_index), purpose=request.purpose)
        return 0
    return withdraw_consents(contact=contact, how=f"request {request.public_id}", purpose=request.purpose)


def _correct(request: SubjectRequest, answer: str) -> int:
    contact = _contact(request)
    if not request.new_name and not answer.strip():
        raise BadInput(_("Nothing to correct is named: write what was done, or refuse the request."))
    if contact is None or not request.new_name:
        return 0
    correct_name(contact=contact, name=request.new_name)
    return 1


def _delete(request: SubjectRequest) -> str:
    """What went is added to what went before; what is kept for now leaves a remainder. No consent of before
    comes back with the next list, and who comes back by themselves since is not deleted again."""
    first = request.events.filter(kind=RequestEvent.Kind.EXECUTED).order_by("pk").first()
    if first is None:
        note_withdrawal(bytes(request.number_index))
    fresh = _result(
        ports.erasing.provider.erase(
            number_index=bytes(request.number_index), phone=request.phone, reason=f"request:{request.pk}",
            until=first.created_at if first else None,
        )
    )  # fmt: skip
    done = dict(request.result.get("done", {}))
    for store, count in fresh["done"].items():
        done[store] = done.get(store, 0) + count
    request.result = fresh | {"done": done}
    return State.DONE if all(why in FOR_GOOD for _store, _count, why in fresh["kept"]) else State.REMAINDER


def finish_remainders() -> int:
    """Delete what was kept for a while and is free now. Returns how many requests are over by that."""
    remainders = SubjectRequest.objects.filter(state=State.REMAINDER)
    finished, failed = _finish_each(remainders.values_list("pk", flat=True))
    delete_discarded()  # the files of what was just deleted
    waiting = [
        pk
        for pk, result in remainders.values_list("pk", "result")
        if any(why == "file_waiting" for *_what, why in result["kept"])
    ]
    more, failed_again = _finish_each(waiting)
    if error := failed or failed_again:
        raise error
    return finished + more


def _finish_each(keys: Iterable[int]) -> tuple[int, Exception | None]:
    """How many are over, and the first error: one request that fails stops no other."""
    finished, failed = 0, None
    for pk in keys:
        try:
            finished += finish_remainder(pk)
        except Exception as error:
            log.exception("remainder_not_finished", request=pk)
            failed = failed or error
    return finished, failed


@transaction.atomic
def finish_remainder(pk: int) -> bool:
    """The same for one request: whether it is over now."""
    request = (
        SubjectRequest.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=pk, state=State.REMAINDER)
        .first()
    )
    if request is None:
        return False
    before = request.result
    state = _delete(request)
    if state == State.DONE or request.result != before:
        close(request, state, "")
        note(request, RequestEvent.Kind.EXECUTED)
    return state == State.DONE
