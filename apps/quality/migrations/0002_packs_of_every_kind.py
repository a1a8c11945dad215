"""Evidence packs of more than complaints."""

import apps.core.privacy.fields
import django.db.models.deletion
import django.db.models.lookups
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_tables"), ("quality", "0001_tables")]

    operations = [
        migrations.RemoveConstraint(model_name="evidencepack", name="pack_decided_by_somebody"),
        migrations.AddField(
            model_name="evidencepack",
            name="in_clear",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="with recordings and clear values"
            ),
        ),
        migrations.AddField(
            model_name="evidencepack",
            name="job",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="jobs.job"
            ),
        ),
        migrations.AddField(
            model_name="evidencepack",
            name="kind",
            field=models.CharField(
                choices=[
                    ("complaint", "a complaint"),
                    ("contact", "a person: why they were called"),
                    ("call", "a call"),
                    ("campaign", "a campaign"),
                    ("opt_out", "an opt-out: that it took effect"),
                    ("period", "a period"),
                ],
                db_default="complaint",
                default="complaint",
                max_length=9,
                verbose_name="about what",
            ),
        ),
        migrations.AddField(
            model_name="evidencepack",
            name="language",
            field=models.CharField(db_default="zh-hans", default="zh-hans", max_length=10),
        ),
        migrations.AddField(model_name="evidencepack", name="made_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="evidencepack", name="number_index", field=models.BinaryField(max_length=32, null=True)
        ),
        migrations.AddField(
            model_name="evidencepack",
            name="passphrase",
            field=apps.core.privacy.fields.ProtectedCharField(kind="text", null=True),
        ),
        migrations.AddField(
            model_name="evidencepack", name="since", field=models.DateField(null=True, verbose_name="from")
        ),
        migrations.AddField(
            model_name="evidencepack", name="subject_id", field=models.BigIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="evidencepack",
            name="until",
            field=models.DateField(null=True, verbose_name="until, included"),
        ),
        migrations.AlterField(
            model_name="evidencepack",
            name="complaint",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="packs",
                to="quality.complaint",
            ),
        ),
        migrations.AlterField(
            model_name="evidencepack",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "awaiting a second person"),
                    ("making", "being made"),
                    ("approved", "ready to be fetched"),
                    ("refused", "refused"),
                    ("fetched", "fetched"),
                    ("lapsed", "not fetched in time"),
                    ("failed", "failed"),
                ],
                default="asked",
                max_length=8,
                verbose_name="state",
            ),
        ),
        AddConstraintNotValid(
            model_name="evidencepack",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "lapsed"]),
                    ("decided_by__isnull", False),
                    ("in_clear", False),
                    _connector="OR",
                ),
                name="pack_in_clear_by_two",
            ),
        ),
        AddConstraintNotValid(
            model_name="evidencepack",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("complaint__isnull", False), ("kind", "complaint")),
                    models.Q(("kind", "period"), ("since__isnull", False), ("until__gte", models.F("since"))),
                    models.Q(
                        models.Q(("kind__in", ["complaint", "period"]), _negated=True),
                        ("subject_id__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="pack_is_about_something",
            ),
        ),
        AddConstraintNotValid(
            model_name="evidencepack",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("number_index__isnull", True),
                    django.db.models.lookups.Exact(
                        models.Func(
                            "number_index", function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                    _connector="OR",
                ),
                name="pack_has_hash",
            ),
        ),
    ]
