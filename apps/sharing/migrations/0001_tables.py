import apps.core.privacy.fields
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [("accounts", "0001_tables"), ("campaigns", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="Share",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("phone", "phone"),
                                ("name", "full name"),
                                ("tags", "tags"),
                                ("state", "state in the campaign"),
                            ],
                            max_length=8,
                        ),
                        size=None,
                        verbose_name="fields",
                    ),
                ),
                (
                    "form",
                    models.CharField(
                        choices=[("view", "looked at in the console"), ("file", "encrypted file")],
                        max_length=4,
                        verbose_name="how",
                    ),
                ),
                ("is_clear", models.BooleanField(default=False, verbose_name="in clear")),
                ("purpose", models.CharField(max_length=300, verbose_name="what it is needed for")),
                ("agreement", models.CharField(max_length=200, verbose_name="confidentiality agreement")),
                (
                    "agreement_file",
                    apps.core.privacy.fields.FileNameField(max_length=80, verbose_name="signed agreement"),
                ),
                ("agreement_sha256", models.BinaryField(max_length=32)),
                ("ends_on", models.DateField(help_text="the last day", verbose_name="until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "awaiting approval"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                        ],
                        default="asked",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided on")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="withdrawn on")),
                (
                    "reason",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="why it was refused or withdrawn"
                    ),
                ),
                (
                    "file",
                    apps.core.privacy.fields.FileNameField(
                        blank=True, max_length=80, verbose_name="encrypted file"
                    ),
                ),
                ("file_made_at", models.DateTimeField(null=True, verbose_name="file made on")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="withdrawn by",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fields", []), _negated=True), name="share_names_fields"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decided_by", models.F("asked_by")), _negated=True),
                        name="share_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            ("decided_by__isnull", False),
                            _connector="OR",
                        ),
                        name="share_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("agreement_file", ""), _negated=True),
                        name="share_under_an_agreement",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("file", ""), models.Q(("form", "file"), ("state", "approved")), _connector="OR"
                        ),
                        name="share_file_while_approved",
                    ),
                ]
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="share",
            trigger=pgtrigger.compiler.Trigger(
                name="terms_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."fields" IS DISTINCT FROM (NEW."fields") OR OLD."is_clear" IS DISTINCT FROM (NEW."is_clear") OR OLD."ends_on" IS DISTINCT FROM (NEW."ends_on") OR OLD."campaign_id" IS DISTINCT FROM (NEW."campaign_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="44f11629c2a5bdd844b5166415da53fd2e53c9de",
                    operation="UPDATE",
                    pgid="pgtrigger_terms_stay_dc1fd",
                    table="sharing_share",
                    when="BEFORE",
                ),
            ),
        ),
    ]
