"""Sign-ins, their failures and sign-outs as events of the trail."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from apps.accounts.models import User

from .models import AccessEvent
from .services import record_access


def _address(request: HttpRequest | None) -> str | None:
    return (request.META.get("REMOTE_ADDR") or None) if request else None


def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record_access(
        kind=AccessEvent.Kind.SIGNED_IN,
        subject=f"user:{user.pk}",
        purpose="sign in",
        actor=user,
        address=_address(request),
    )


def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record_access(
            kind=AccessEvent.Kind.SIGNED_OUT,
            subject=f"user:{user.pk}",
            purpose="sign out",
            actor=user,
            address=_address(request),
        )


def _failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Names of people who work here are noted; what else was typed may be a password or a number."""
    person = User.objects.filter(username=str(credentials.get("username", ""))[:150]).only("pk").first()
    subject = f"user:{person.pk}" if person else "nobody"
    record_access(
        kind=AccessEvent.Kind.SIGN_IN_FAILED, subject=subject, purpose="sign in", address=_address(request)
    )


def connect() -> None:
    user_logged_in.connect(_signed_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(_failed, dispatch_uid="audit.sign_in_failed")
