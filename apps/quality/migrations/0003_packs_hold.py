"""The constraints hold for the packs that were there."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("quality", "0002_packs_of_every_kind")]

    operations = [
        ValidateConstraint("evidencepack", "pack_in_clear_by_two"),
        ValidateConstraint("evidencepack", "pack_is_about_something"),
        ValidateConstraint("evidencepack", "pack_has_hash"),
    ]
