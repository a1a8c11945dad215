"""allauth's doors: people are made by admins, second factors are sealed, companies sign in by OIDC."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.core import cipher

from .models import User

SEALED_FOR = b"mfa_authenticator.data"


class StaffAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: Any) -> bool:
        return False


class SecondFactors(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes lie sealed in the table (R7)."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(cipher.seal(text.encode(), purpose="fields", bound_to=SEALED_FOR)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.open_sealed(base64.b64decode(encrypted_text), purpose="fields", bound_to=SEALED_FOR).decode()


class CompanySignIn(DefaultSocialAccountAdapter):
    """Who comes from the company's provider has to be here already, under the same user name."""

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data
        claims = claims.get("userinfo", claims)
        name = claims.get("preferred_username", "")
        person = User.objects.filter(username=name, is_active=True).first() if name else None
        if person is None:
            messages.error(request, _("Nobody of this name works here. Ask an administrator to add you first."))
            raise ImmediateHttpResponse(redirect("account_login"))
        sociallogin.connect(request, person)
