from datetime import UTC, datetime

from django.conf import settings
from django.db import migrations, models

BEFORE = [
    "contact",
    "uncalled",
    "call",
    "decision",
    "recording",
    "transcript",
    "review",
    "complaint",
    "import_file",
    "list_file",
    "code",
    "webhook",
    "notice",
    "session",
    "trail",
]
NEW = ["request"]
AFTER = [*BEFORE[:8], *NEW, *BEFORE[8:]]
SINCE = datetime(2021, 11, 1, tzinfo=UTC)


def write_norm(apps, schema_editor):
    """A first version of the new class: a year at most (R8)."""
    policies = apps.get_model("policies", "RetentionPolicy").objects
    number = max(policies.values_list("number", flat=True), default=0)
    for data_class in NEW:
        number += 1
        policies.create(number=number, in_force_from=SINCE, data_class=data_class, days=365)


def take_back(apps, schema_editor):
    schema_editor.execute("alter table policies_retentionpolicy disable trigger user")
    apps.get_model("policies", "RetentionPolicy").objects.filter(data_class__in=NEW).delete()
    schema_editor.execute("alter table policies_retentionpolicy enable trigger user")


def known(names):
    return models.CheckConstraint(condition=models.Q(("data_class__in", names)), name="retention_of_a_known_class")


def with_labels(names):
    labels = {
        "contact": "contacts", "uncalled": "contacts that were never called", "call": "calls, with their results and tickets",
        "decision": "decisions of the gate that led to no call", "recording": "recordings", "transcript": "transcripts",
        "review": "reviews, violations and corrective actions", "complaint": "complaints and disputes", "request": "requests of persons about their data",
        "import_file": "files and reports of imports", "list_file": "lists held against the register, and their results",
        "code": "one-time codes", "webhook": "messages to other systems", "notice": "lines of the inbox",
        "session": "sessions that are over", "trail": "the access log",
    }  # fmt: skip
    return models.CharField(max_length=12, choices=[(name, labels[name]) for name in names], verbose_name="class of data")


class Migration(migrations.Migration):
    # The rows last: what was inserted in a transaction keeps PostgreSQL from altering the table.
    dependencies = [("policies", "0008_storage_of_recordings"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.RemoveConstraint("retentionpolicy", "retention_of_a_known_class"),
        migrations.AlterField("retentionpolicy", "data_class", with_labels(AFTER)),
        migrations.AddConstraint("retentionpolicy", known(AFTER)),
        migrations.RunPython(write_norm, take_back),
    ]
