"""The constraint holds for the rows that were there; campaigns that were approved before say so."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_changed_drafts"),
        ("policies", "0001_tables"),
    ]  # whose table the trigger of campaigns writes

    operations = [
        migrations.RunSQL(
            "update campaigns_campaign set was_approved = true where approved_by_id is not null",
            migrations.RunSQL.noop,
        ),
        ValidateConstraint("campaign", "campaign_changed_by_another"),
    ]
