"""Refusals of a day are found by a few pages of the table."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("optouts", "0001_tables")]

    operations = [
        AddIndexConcurrently(
            "optout", django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="opt_out_by_time")
        )
    ]
