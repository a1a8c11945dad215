"""The URL map: pages by room, the API, sign-in."""

from django.apps import apps
from django.urls import include, path

from config.api import api

handler500 = "apps.core.web.middleware.server_error"
urlpatterns = [
    path("api/v1/", api.urls),  # first: the gate is asked more often than any page
    path("", include("apps.console.urls")),
    path("", include("apps.policies.urls")),
    path("", include("apps.webhooks.urls")),
    path("", include("apps.contacts.urls")),
    path("", include("apps.campaigns.urls")),
    path("", include("apps.scripts.urls")),
    path("", include("apps.optouts.urls")),
    path("", include("apps.calls.urls")),
    path("", include("apps.quality.urls")),
    path("", include("apps.telephony.urls")),
    path("", include("apps.rights.urls")),
    path("", include("apps.sharing.urls")),
    path("", include("apps.retention.urls")),
    path("", include("apps.evidence.urls")),
    path("", include("apps.governance.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.ui.urls")),
    path("", include("apps.audit.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.access.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
if apps.is_installed("apps.demo"):
    urlpatterns.append(path("", include("apps.demo.urls")))
