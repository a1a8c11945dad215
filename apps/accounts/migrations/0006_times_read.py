"""It holds for the rows that were there."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_readable_times")]

    operations = [ValidateConstraint("apiclient", "api_client_end_is_readable")]
