import django.db.models.deletion
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [("campaigns", "0004_through_gateway")]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("allowed", "Allowed"),
                            ("refused", "Refused"),
                            ("refused_by", "Refused By"),
                            ("opted_out", "Opted Out"),
                            ("connected", "Connected"),
                            ("recorded", "Recorded"),
                            ("reviewed", "Reviewed"),
                            ("line_made", "Line Made"),
                            ("line_answered", "Line Answered"),
                            ("line_short", "Line Short"),
                        ],
                        max_length=14,
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=30)),
                ("count", models.PositiveIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "measure", "key", "campaign"),
                        name="one_count_a_day_and_campaign",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(condition=models.Q(("count__gt", 0)), name="nothing_is_no_count"),
                ]
            },
        )
    ]
