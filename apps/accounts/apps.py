from typing import Any

from django.apps import AppConfig


def _remember_sign_in(sender: Any, user: Any, **kwargs: Any) -> None:
    from apps.core.calendar import clock

    user.last_login = clock.now()
    user.save(update_fields=["last_login"])


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.core import references

        from .labels import LABELS

        references.register(LABELS)
        from .health import register_all

        register_all()

        from django.contrib.auth.signals import user_logged_in

        user_logged_in.disconnect(dispatch_uid="update_last_login")  # Django's, which reads another clock
        user_logged_in.connect(_remember_sign_in, dispatch_uid="accounts.last_login")
