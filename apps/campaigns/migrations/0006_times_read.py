"""It holds for the rows that were there."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_readable_times")]

    operations = [ValidateConstraint("callexception", "call_exception_times_are_readable")]
