"""Lists are rows of their own: what they are for hangs on them by a key, and not by a name that can change.

The column of the name stays, empty, for the release before.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0009_doubts_to_write")]

    operations = [
        migrations.CreateModel(
            name="ContactList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.AddField(
            model_name="contactimport",
            name="contact_list",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="imports",
                to="contacts.contactlist",
            ),
        ),
        migrations.AlterField(
            model_name="contactimport",
            name="list_code",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="contactimport", name="list_code")]
        ),
    ]
