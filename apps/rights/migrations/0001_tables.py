import apps.core.privacy.fields
import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [("accounts", "0001_tables"), ("contacts", "0001_tables"), ("jobs", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="SubjectRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("see", "see their data"),
                            ("correct", "correct their data"),
                            ("delete", "delete their data"),
                            ("withdraw", "withdraw consent"),
                            ("explain", "have the use explained"),
                        ],
                        max_length=8,
                        verbose_name="what is asked",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("telephone", "telephone"),
                            ("agent", "said to an agent"),
                            ("letter", "letter or e-mail"),
                            ("shop", "in person"),
                            ("page", "public page, with a code to the number"),
                            ("api", "another system"),
                        ],
                        max_length=9,
                        verbose_name="came by",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "code not entered yet"),
                            ("identity", "identity to be verified"),
                            ("open", "open"),
                            ("remainder", "done, but for what is held"),
                            ("done", "done"),
                            ("refused", "refused"),
                        ],
                        max_length=11,
                        verbose_name="state",
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, max_length=80, verbose_name="reference of the sender"),
                ),
                (
                    "phone",
                    apps.core.privacy.fields.ProtectedCharField(
                        kind="phone", null=True, verbose_name="phone"
                    ),
                ),
                ("number_index", models.BinaryField(max_length=32)),
                (
                    "text",
                    apps.core.privacy.fields.ProtectedTextField(
                        kind="text", null=True, verbose_name="what the person says"
                    ),
                ),
                (
                    "new_name",
                    apps.core.privacy.fields.ProtectedCharField(
                        kind="name", null=True, verbose_name="the right name"
                    ),
                ),
                (
                    "answer",
                    apps.core.privacy.fields.ProtectedTextField(
                        kind="text", null=True, verbose_name="answer"
                    ),
                ),
                ("refusal", models.CharField(blank=True, max_length=300, verbose_name="why it was refused")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("is_provisional", models.BooleanField(default=False)),
                ("paused_on", models.DateField(null=True)),
                (
                    "verification",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="how the identity was verified"
                    ),
                ),
                ("verified_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("reminded", models.PositiveSmallIntegerField(null=True)),
                ("escalated", models.BooleanField(default=False)),
                ("result", models.JSONField(default=dict)),
                ("certificate", models.JSONField(default=dict)),
                ("code_word", models.BinaryField(max_length=32, null=True)),
                ("archive", apps.core.privacy.fields.FileNameField(blank=True, max_length=80)),
                ("archive_sha256", models.BinaryField(max_length=32, null=True)),
                ("archive_word", models.BinaryField(max_length=32, null=True, unique=True)),
                ("archive_until", models.DateTimeField(null=True)),
                ("archive_fetched_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subject_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.purpose",
                        verbose_name="purpose",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["due_on"],
                        name="request_by_due_day",
                    ),
                    models.Index(
                        condition=models.Q(("code_word__isnull", False)),
                        fields=["code_word"],
                        name="request_by_code",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_index",
                                    function="octet_length",
                                    output_field=models.IntegerField(),
                                ),
                                32,
                            )
                        ),
                        name="request_has_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("received_at__isnull", True),
                            models.Q(
                                (
                                    "received_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "received_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="request_time_is_possible",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("client", "reference"),
                        name="request_once_a_client",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("refusal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="refusal_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["unconfirmed", "identity", "refused"]),
                            models.Q(
                                ("verified_at__isnull", False), models.Q(("verification", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="nothing_for_a_stranger",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at__isnull", True), ("state__in", ["done", "refused"]), _connector="XOR"
                        ),
                        name="closed_when_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("phone__isnull", True),
                            models.Q(("state__in", ["done", "refused"]), _negated=True),
                            _connector="OR",
                        ),
                        name="no_number_once_over",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("verified", "identity verified"),
                            ("paused", "identity open again: the clock stands"),
                            ("note", "note"),
                            ("moved", "given to another owner"),
                            ("executed", "carried out"),
                            ("refused", "refused"),
                            ("reminded", "reminded"),
                            ("escalated", "escalated: overdue"),
                            ("fetched", "copy fetched by the person"),
                        ],
                        max_length=9,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="rights.subjectrequest",
                    ),
                ),
            ],
            options={"ordering": ("created_at", "pk")},
        ),
        migrations.CreateModel(
            name="CopyOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("passphrase", apps.core.privacy.fields.ProtectedTextField(kind="text", null=True)),
                ("link", apps.core.privacy.fields.ProtectedTextField(kind="text", null=True)),
                ("address", models.GenericIPAddressField(null=True)),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="jobs.job"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="copy_orders",
                        to="rights.subjectrequest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("link__isnull", True), ("passphrase__isnull", True)),
                            models.Q(("link__isnull", False), ("passphrase__isnull", False)),
                            _connector="OR",
                        ),
                        name="copy_order_holds_both_secrets_or_none",
                    )
                ]
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="requestevent",
            trigger=pgtrigger.compiler.Trigger(
                name="events_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="512a7d5122d484eb8b3b46470bf0b2c1ec3c293f",
                    operation="UPDATE",
                    pgid="pgtrigger_events_stay_a1cb5",
                    table="rights_requestevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
