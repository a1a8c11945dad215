"""Calls of a day are found by a few pages of the table."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("calls", "0002_relayed_by")]

    operations = [
        AddIndexConcurrently(
            "call",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["reserved_at", "answered_at"], name="call_by_time"
            ),
        )
    ]
