"""Roles that decide for others and keys that receive numbers, asked by one and agreed to by another."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_times_read")]

    operations = [
        migrations.CreateModel(
            name="RoleRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("decided_at", models.DateTimeField(null=True)),
                ("approved", models.BooleanField(default=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agent", "Agent"),
                            ("supervisor", "Supervisor"),
                            ("compliance", "Compliance officer"),
                            ("admin", "Administrator"),
                        ],
                        max_length=12,
                        verbose_name="role",
                    ),
                ),
                (
                    "alone",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("first", "the second person of a new site"),
                            ("host", "by who runs the machine"),
                        ],
                        default="",
                        max_length=5,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="role_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KeyRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("decided_at", models.DateTimeField(null=True)),
                ("approved", models.BooleanField(default=False)),
                ("key_hash", models.BinaryField(max_length=32, unique=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="key_requests",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("decided_by", models.F("asked_by")), _negated=True),
                        name="key_request_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved", False), ("decided_by__isnull", False), _connector="OR"
                        ),
                        name="key_request_approval_has_approver",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at__isnull", True)),
                        fields=("client",),
                        name="one_open_key_request",
                    ),
                ]
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="keyrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="4aa83ef750517e80aff4e47786e097f439559429",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_41c02",
                    table="accounts_keyrequest",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="rolerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_by", models.F("user")), _negated=True),
                    models.Q(("decided_by", models.F("user")), _negated=True),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                ),
                name="role_request_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved", False),
                    ("decided_by__isnull", False),
                    models.Q(("alone", ""), _negated=True),
                    _connector="OR",
                ),
                name="role_request_approval_has_approver",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decided_at__isnull", True)),
                fields=("user",),
                name="one_open_role_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("alone", "first")), fields=("alone",), name="one_second_person_made_alone"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rolerequest",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="d54169a59d061b481cc66732b67a6dfb36719397",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_7c8f0",
                    table="accounts_rolerequest",
                    when="BEFORE",
                ),
            ),
        ),
    ]
