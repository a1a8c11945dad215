"""A key may be that of a telephone gateway (R39)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_tables")]

    operations = [
        migrations.AlterField(
            model_name="apiclient",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("authorize", "ask the gate"),
                        ("dial", "receive numbers to dial"),
                        ("events", "report call events"),
                        ("optouts", "record opt-outs"),
                        ("feed", "read changes of the register"),
                        ("numbers", "read the numbers of those changes, of its campaigns' contacts"),
                        ("scrub", "hold lists against the register"),
                        ("recordings", "hand in recordings and transcripts"),
                        ("complaints", "record complaints"),
                        ("contacts", "keep contacts in step"),
                        ("requests", "hand in requests of persons about their data"),
                        ("telephony", "lead calls to carriers as a telephone gateway"),
                    ],
                    max_length=12,
                ),
                size=None,
                verbose_name="scopes",
            ),
        )
    ]
