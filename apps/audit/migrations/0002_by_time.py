"""Reads of some days are found by a few pages of the trail."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0001_tables")]

    operations = [
        AddIndexConcurrently(
            "accessevent",
            django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="access_event_by_time"),
        )
    ]
