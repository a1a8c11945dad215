"""A campaign may demand that its calls go through the telephone gateway (R39)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_changed_drafts_hold")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="through_gateway",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="calls only through the telephone gateway"
            ),
        )
    ]
