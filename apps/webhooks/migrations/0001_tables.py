import apps.core.privacy.fields
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [("accounts", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="EndPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("url", models.URLField(max_length=300, verbose_name="address")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("opt_out.recorded", "an opt-out was recorded"),
                                ("contact.erased", "contacts were erased"),
                                ("script.approved", "a script was approved"),
                                ("script.retired", "a script's approval was withdrawn"),
                                ("agent.suspended", "an agent was suspended"),
                                ("retention.completed", "a purge has ended"),
                            ],
                            max_length=24,
                        ),
                        size=None,
                        verbose_name="events sent",
                    ),
                ),
                ("secret", apps.core.privacy.fields.ProtectedCharField(kind="text", verbose_name="secret")),
                (
                    "previous_secret",
                    apps.core.privacy.fields.ProtectedCharField(
                        blank=True, kind="text", null=True, verbose_name="secret before"
                    ),
                ),
                (
                    "previous_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="secret before holds until"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("ended_because", models.CharField(blank=True, max_length=200, verbose_name="ended because")),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="end_points",
                        to="accounts.apiclient",
                        verbose_name="API client",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Event",
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
                            ("opt_out.recorded", "an opt-out was recorded"),
                            ("contact.erased", "contacts were erased"),
                            ("script.approved", "a script was approved"),
                            ("script.retired", "a script's approval was withdrawn"),
                            ("agent.suspended", "an agent was suspended"),
                            ("retention.completed", "a purge has ended"),
                        ],
                        max_length=24,
                    ),
                ),
                ("facts", models.JSONField()),
            ],
            options={"indexes": [models.Index(fields=["created_at"], name="webhook_event_by_age")]},
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("done", "delivered"), ("dead", "given up")],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("is_urgent", models.BooleanField(default=False)),
                ("body", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_at", models.DateTimeField(verbose_name="next attempt")),
                ("answer", models.CharField(blank=True, max_length=120, verbose_name="last answer")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "end_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="webhooks.endpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="webhooks.event",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["-is_urgent", "next_at"],
                        name="delivery_due",
                    ),
                    models.Index(fields=["end_point", "-id"], name="delivery_by_end_point"),
                ],
                "constraints": [models.UniqueConstraint(fields=("event", "end_point"), name="told_once")],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="314c76b6e5ae025af48a7dce4afec21eff610bd9",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_ddf15",
                    table="webhooks_event",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="9252e5c35320d1f000e901b51c6d362229beec8a",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_a6776",
                    table="webhooks_endpoint",
                    when="BEFORE",
                ),
            ),
        ),
    ]
