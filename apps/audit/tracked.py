"""Which models django-auditlog records: every one of ours that people change (R10).

Left out are rows that are themselves a record (decisions, events, entries of the trail and the
ledger), and queue and job rows, which machines move many times a second.
"""

from auditlog.registry import auditlog
from django.apps import apps

UNTRACKED = {
    "audit.accessevent", "audit.change", "calls.decision", "calls.call", "campaigns.queueentry", "jobs.job", "retention.erasureentry",
    "retention.purgerun", "optouts.optout", "access.protectedfieldgrouppermission",
}
SECRET = ["password", "key_hash", "number_index", "last4_index", "last_login"]


def ours() -> list[type]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def register_all() -> None:
    for model in ours():
        if model._meta.label_lower in UNTRACKED:  # type: ignore[attr-defined]
            continue
        names = {field.name for field in model._meta.get_fields()}  # type: ignore[attr-defined]
        auditlog.register(model, exclude_fields=[name for name in SECRET if name in names])
