from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _apply_roles(**kwargs: Any) -> None:
    from .services import apply_roles

    apply_roles()


def _end_grants(sender: Any, user: Any, **kwargs: Any) -> None:
    from .services import end_grants

    end_grants(beneficiary=user)


class AccessConfig(AppConfig):
    name = "apps.access"
    label = "access"

    def ready(self) -> None:
        from apps.accounts.roles import Role
        from apps.accounts.signals import role_left
        from apps.core import references
        from apps.notifications.sentences import register_fact

        from .services import PURPOSES
        from .wording import FIELD_LABELS

        references.register({**FIELD_LABELS, **{code: PURPOSES[code] for code in ("call_back", "regulator")}})
        for code in ("role_asked", "role_given"):
            register_fact(code, "role", lambda role: dict(Role.choices).get(role, role))
        post_migrate.connect(_apply_roles, sender=self, dispatch_uid="access.apply_roles")
        role_left.connect(_end_grants, dispatch_uid="access.end_grants")
