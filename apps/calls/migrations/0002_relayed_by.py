"""Which telephone gateway led a call to a carrier (R39)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_tables"), ("calls", "0001_tables")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="relayed_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.apiclient",
            ),
        )
    ]
