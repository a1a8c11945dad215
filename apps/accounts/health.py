"""Probe of company sign-in: the provider answers, and which callback it needs."""

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.web.health import Outcome, Probe, register, warning, well
from apps.core.web.outgoing import tls

SECONDS = 5


def _company() -> Outcome:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    if not apps:
        return well(_("Company sign-in is not set up."))
    callback = f"{settings.HEGUI_URL.rstrip('/')}/accounts/oidc/{apps[0]['provider_id']}/login/callback/"
    where = f"{settings.HEGUI_OIDC_SERVER.rstrip('/')}/.well-known/openid-configuration"
    if httpx.get(where, timeout=SECONDS, verify=tls()).status_code != 200:
        return warning(
            _("The provider of company sign-in does not describe itself at %(where)s.") % {"where": where}
        )
    return well(_("Register this callback at the provider: %(callback)s") % {"callback": callback})


def register_all() -> None:
    register(Probe("company_sign_in", _company))
