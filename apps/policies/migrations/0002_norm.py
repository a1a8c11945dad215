"""Version 1 of each policy is the norm itself; the defaults of the tables are its limits."""

from datetime import UTC, datetime

from django.db import migrations

SINCE = datetime(2021, 11, 1, tzinfo=UTC)  # the Personal Information Protection Law is in force


def write_norm(apps, schema_editor):
    for name in ("CallingPolicy", "RetentionPolicy"):
        apps.get_model("policies", name).objects.create(number=1, in_force_from=SINCE)


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_tables")]
    operations = [migrations.RunPython(write_norm, migrations.RunPython.noop)]
