"""The floor of `gate_http`: an empty django-ninja POST with a validated body, no database, no middleware."""

from django.conf import settings

settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY="floor",
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    DATABASES={},
)

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import path  # noqa: E402
from ninja import NinjaAPI, Schema  # noqa: E402

api = NinjaAPI(openapi_url="", docs_url="")


class FloorQuestion(Schema):
    campaign: str
    phone: str
    line: str


class FloorAnswer(Schema):
    decision: str


@api.post("calls/authorize", response=FloorAnswer)
def authorize(request: HttpRequest, asked: FloorQuestion) -> dict[str, str]:
    return {"decision": "allow"}


urlpatterns = [path("api/v1/", api.urls)]
application = get_wsgi_application()
