import apps.core.privacy.fields
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [
        ("accounts", "0002_gateway_scope"),
        ("calls", "0002_relayed_by"),
        ("campaigns", "0004_through_gateway"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dialler",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "system",
                    models.CharField(
                        choices=[
                            ("freeswitch", "FreeSWITCH"),
                            ("asterisk", "Asterisk"),
                            ("vicidial", "VICIdial"),
                            ("voice", "platform of machine voices"),
                            ("other", "another system"),
                        ],
                        default="other",
                        max_length=10,
                        verbose_name="system",
                    ),
                ),
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43),
                        size=None,
                        verbose_name="addresses that it sends from",
                    ),
                ),
                (
                    "user",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        null=True,
                        unique=True,
                        verbose_name="user name of its digest",
                    ),
                ),
                (
                    "password_hash",
                    apps.core.privacy.fields.ProtectedCharField(
                        blank=True, editable=False, kind="text", null=True
                    ),
                ),
                (
                    "asks_first",
                    models.BooleanField(
                        default=False, verbose_name="has to ask by API before each call (X-Hegui-Call)"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dialler",
                        to="accounts.apiclient",
                        verbose_name="API client",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("addresses", []), _negated=True), name="dialler_has_an_address"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("password_hash__isnull", True), ("user__isnull", True)),
                            models.Q(("password_hash__isnull", False), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="dialler_digest_is_whole",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Gateway",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("seen_at", models.DateTimeField(verbose_name="last seen")),
                ("is_answering", models.BooleanField(verbose_name="SIP server answers")),
                ("open_calls", models.PositiveIntegerField(verbose_name="calls under way")),
                ("events_waiting", models.PositiveIntegerField(verbose_name="events that wait")),
                ("recordings_waiting", models.PositiveIntegerField(verbose_name="recordings that wait")),
                ("oldest_seconds", models.PositiveIntegerField(verbose_name="oldest of them, in seconds")),
                ("spool_bytes", models.PositiveBigIntegerField(verbose_name="bytes in the spool")),
                ("spool_free", models.PositiveBigIntegerField(verbose_name="bytes that are free")),
                (
                    "set_aside",
                    models.PositiveIntegerField(verbose_name="set aside because they cannot be used"),
                ),
                (
                    "strangers",
                    models.PositiveIntegerField(
                        default=0, verbose_name="senders that are no dialler, within the hour"
                    ),
                ),
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gateway",
                        to="accounts.apiclient",
                        verbose_name="API client",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Trunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("host", models.GenericIPAddressField(verbose_name="address of the carrier")),
                (
                    "port",
                    models.PositiveIntegerField(
                        default=5060,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(65535),
                        ],
                        verbose_name="port",
                    ),
                ),
                (
                    "transport",
                    models.CharField(
                        choices=[("udp", "UDP"), ("tcp", "TCP")],
                        default="udp",
                        max_length=3,
                        verbose_name="transport",
                    ),
                ),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("e164", "+8613800001234"),
                            ("national", "as dialled in the mainland: 13800001234, 01085550101"),
                        ],
                        default="e164",
                        max_length=8,
                        verbose_name="how the carrier wants numbers",
                    ),
                ),
                (
                    "calls_at_once",
                    models.PositiveIntegerField(
                        default=30,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="calls at once of each line",
                    ),
                ),
                (
                    "calls_a_second",
                    models.PositiveIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="calls a second of each line",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "lines",
                    models.ManyToManyField(related_name="trunks", to="campaigns.line", verbose_name="lines"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("port__gte", 1), ("port__lte", 65535)), name="trunk_has_a_port"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("calls_a_second__gte", 1), ("calls_at_once__gte", 1)),
                        name="trunk_has_room",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("decision_number", models.BigIntegerField(null=True)),
                ("ask", models.CharField(max_length=64)),
                (
                    "codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
                ("source", models.GenericIPAddressField(null=True, verbose_name="sent from")),
                (
                    "call",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="attempt",
                        to="calls.call",
                    ),
                ),
                (
                    "gateway",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.line",
                        verbose_name="line",
                    ),
                ),
                (
                    "dialler",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="telephony.dialler",
                        verbose_name="dialler",
                    ),
                ),
                (
                    "trunk",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="telephony.trunk",
                        verbose_name="trunk",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-at"], name="attempt_by_time"),
                    models.Index(
                        condition=models.Q(("codes", []), _negated=True),
                        fields=["dialler", "-at"],
                        name="attempt_refused",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("gateway", "ask"), name="attempt_once")],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dialler",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a5132d84d151c382d33a6e8ec5ade98ebe5f8fcb",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_95b63",
                    table="telephony_dialler",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gateway",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a952c532fd962d628dec556e1c2ca4dab846e414",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_6d99f",
                    table="telephony_gateway",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trunk",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b1e75e86524145016f7638407f48821123ed78f3",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_4fb5c",
                    table="telephony_trunk",
                    when="BEFORE",
                ),
            ),
        ),
    ]
