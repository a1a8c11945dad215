"""allauth's doors: people are made by admins, second factors are encrypted, companies sign in by OIDC."""

import base64
import ipaddress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.core.crypto import cipher

ENCRYPTED_FOR = b"mfa_authenticator.data"


def _network_of(address: str) -> str:
    """An IPv6 client has a /64 to choose addresses from."""
    found = ipaddress.ip_address(address)
    return address if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


class StaffAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: Any, **credentials: Any) -> str:
        """Wrong passwords count for a name and the address that they came from together: a stranger who goes
        on trying slows themselves down, and shuts nobody out who comes from elsewhere."""
        return f"{_network_of(self.get_client_ip(request))}:{credentials.get('username', '').casefold()}"


class SecondFactors(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes lie encrypted in the table (R7)."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(
            cipher.encrypt(text.encode(), purpose="fields", bound_to=ENCRYPTED_FOR)
        ).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(
            base64.b64decode(encrypted_text), purpose="fields", bound_to=ENCRYPTED_FOR
        ).decode()


class CompanySignIn(DefaultSocialAccountAdapter):
    """Who comes from the company's provider signs in as the person who connected that account: issuer and
    subject, nothing else.

    What a provider tells of names may be changed there, and given to somebody else. People connect their
    account themselves, signed in, with their password asked again.
    """

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        said = _(
            "Nobody here is connected with this account. Sign in with your password and connect it under "
            "Sign-in and sessions."
        )
        messages.error(request, said)
        raise ImmediateHttpResponse(redirect("account_login"))
