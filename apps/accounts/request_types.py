"""What a view behind the sign-in receives: a request whose user is a member of staff."""

from django.http import HttpRequest

from .models import ApiClient, User


class StaffRequest(HttpRequest):
    """The request of a signed-in person; `middleware.SignInRequired` sees to it."""

    user: User


class ClientRequest(HttpRequest):
    """The request of an API client; `api_auth.ClientKey` sees to it."""

    auth: ApiClient
