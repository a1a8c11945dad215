import apps.core.privacy.fields
import datetime
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
        ("campaigns", "0001_tables"),
        ("contacts", "0001_tables"),
        ("jobs", "0001_tables"),
        ("policies", "0001_tables"),
        ("scripts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("allowed", models.BooleanField()),
                ("reserves", models.BooleanField(default=False)),
                (
                    "codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
                (
                    "not_applicable",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
                ("facts", models.JSONField()),
                ("retry_at", models.JSONField(default=dict)),
                ("contact_id", models.BigIntegerField(null=True)),
                ("policy", models.PositiveIntegerField()),
                ("line_asked", models.CharField(default="", max_length=20)),
                ("idempotency_key", models.CharField(max_length=80, null=True)),
                ("request_digest", models.BinaryField(max_length=32, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "script_version",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scripts.scriptversion",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["contact_id", "-at"], name="decision_by_contact"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="decision_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key__isnull", False)),
                        fields=("client", "idempotency_key"),
                        name="decision_once_per_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number_index", models.BinaryField(max_length=32)),
                ("slot_day", models.DateField()),
                ("slot_number", models.PositiveSmallIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reserved", "reserved"),
                            ("dialling", "dialling"),
                            ("ringing", "ringing"),
                            ("answered", "connected"),
                            ("ended", "ended"),
                            ("no_answer", "no answer"),
                            ("busy", "busy"),
                            ("failed", "failed"),
                            ("expired", "expired without a report"),
                            ("withdrawn", "withdrawn"),
                            ("released", "not dialled"),
                        ],
                        default="reserved",
                        max_length=10,
                    ),
                ),
                ("reserved_at", models.DateTimeField()),
                ("reserved_until", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("handed_over_at", models.DateTimeField(blank=True, null=True)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("revived_at", models.DateTimeField(blank=True, null=True)),
                ("claim_key", models.CharField(blank=True, max_length=80, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("held_since", models.DateTimeField(blank=True, null=True)),
                (
                    "held_for",
                    models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_requested_at", models.DateTimeField(blank=True, null=True)),
                ("opted_out_at", models.DateTimeField(blank=True, null=True)),
                ("identity_said", models.BooleanField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "budget_line",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.line",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="contacts.contact",
                    ),
                ),
                (
                    "exception",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.callexception",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="campaigns.line",
                    ),
                ),
                (
                    "script_version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scripts.scriptversion",
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="call",
                        to="calls.decision",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["number_index", "-reserved_at"], name="call_by_number"),
                    models.Index(
                        condition=models.Q(("state__in", ["reserved", "dialling", "ringing", "answered"])),
                        fields=["reserved_until"],
                        name="call_open",
                    ),
                    models.Index(
                        condition=models.Q(("budget_line__isnull", False)),
                        fields=["budget_line", "-reserved_at"],
                        name="call_by_budget",
                    ),
                    models.Index(
                        condition=models.Q(("handed_over_at__isnull", False)),
                        fields=["client", "-handed_over_at"],
                        name="call_handed_over",
                    ),
                    models.Index(
                        condition=models.Q(("agent__isnull", False)),
                        fields=["agent", "-reserved_at"],
                        name="call_by_agent",
                    ),
                    models.Index(fields=["campaign", "-reserved_at"], name="call_by_campaign"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("state", "released"), _negated=True),
                            models.Q(
                                models.Q(("state__in", ["expired", "withdrawn"]), _negated=True),
                                ("handed_over_at__isnull", False),
                                _connector="OR",
                            ),
                        ),
                        fields=("number_index", "slot_day", "slot_number"),
                        name="one_call_a_slot",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("slot_number", 1),
                            ("exception__isnull", False),
                            ("revived_at__isnull", False),
                            _connector="OR",
                        ),
                        name="one_slot_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "released"), _negated=True),
                            ("made_at__isnull", True),
                            _connector="OR",
                        ),
                        name="released_was_not_made",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claimed_at__isnull", True),
                                models.Q(
                                    (
                                        "claimed_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "claimed_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("handed_over_at__isnull", True),
                                models.Q(
                                    (
                                        "handed_over_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "handed_over_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("made_at__isnull", True),
                                models.Q(
                                    (
                                        "made_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "made_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("answered_at__isnull", True),
                                models.Q(
                                    (
                                        "answered_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "answered_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("ended_at__isnull", True),
                                models.Q(
                                    (
                                        "ended_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "ended_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("opted_out_at__isnull", True),
                                models.Q(
                                    (
                                        "opted_out_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "opted_out_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="call_times_are_readable",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("claim_key__isnull", False)),
                        fields=("client", "claim_key"),
                        name="claimed_once_per_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reserved_until__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("reserved_at"),
                                    "+",
                                    models.Value("60 seconds", output_field=models.DurationField()),
                                ),
                            )
                        ),
                        name="reservation_60_seconds_at_most",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Disposition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("interested", "interested"),
                            ("not_interested", "not interested"),
                            ("call_back", "asked for a call back"),
                            ("wrong_number", "wrong number"),
                            ("not_reached", "not reached"),
                            ("opted_out", "opted out"),
                            ("complaint", "complained"),
                        ],
                        max_length=16,
                        verbose_name="result",
                    ),
                ),
                (
                    "note",
                    apps.core.privacy.fields.ProtectedTextField(
                        blank=True, kind="text", null=True, verbose_name="note"
                    ),
                ),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disposition",
                        to="calls.call",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unanswered", "too many unanswered calls"),
                            ("short", "too many short calls"),
                            ("complaints", "too many complaints"),
                            ("refused", "too many calls asked for that the gate refused"),
                        ],
                        max_length=10,
                        verbose_name="because of",
                    ),
                ),
                ("counted", models.PositiveIntegerField(verbose_name="of so many")),
                ("percent", models.PositiveSmallIntegerField(verbose_name="percent")),
                ("limit", models.PositiveSmallIntegerField(verbose_name="limit")),
                ("policy", models.PositiveIntegerField(verbose_name="policy version")),
                ("has_paused", models.BooleanField(default=False, verbose_name="paused")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="what was done")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flags",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flags",
                        to="campaigns.line",
                        verbose_name="line",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agent__isnull", True), ("line__isnull", False)),
                            models.Q(("agent__isnull", False), ("line__isnull", True)),
                            _connector="OR",
                        ),
                        name="flag_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at__isnull", True), ("closed_by__isnull", False), _connector="OR"
                        ),
                        name="flag_closed_by_somebody",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("line", "agent", "reason"),
                        name="flagged_once",
                        nulls_distinct=False,
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Forecast",
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
                        choices=[("list", "the list today"), ("what_if", "past calls under a draft")],
                        max_length=8,
                    ),
                ),
                ("changes", models.JSONField(default=dict)),
                ("since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField()),
                ("counts", models.JSONField(default=dict)),
                ("done_to", models.BigIntegerField(default=0)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forecasts",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="policies.policydraft",
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="forecast", to="jobs.job"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind", "what_if"), ("campaign__isnull", False), _connector="OR"),
                        name="list_forecast_has_campaign",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "list"),
                            models.Q(("draft__isnull", False), ("since__isnull", False)),
                            models.Q(("campaign__isnull", False), ("since__isnull", False)),
                            _connector="OR",
                        ),
                        name="what_if_says_what",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="SpoofingEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("line_asked", models.CharField(max_length=20, verbose_name="caller number asked for")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spoofing_events",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="spoofing",
                        to="calls.decision",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("subject", models.CharField(max_length=120, verbose_name="what has to be done")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tickets", to="calls.call"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["owner", "due_on"],
                        name="ticket_open",
                    )
                ]
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="229fc9dfed06a4ecc4f71b543f47ff55b2256822",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_de573",
                    table="calls_decision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="spoofingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c743cd3d7569163c7bc6fef66ea5df9f99d411fa",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_f7e52",
                    table="calls_spoofingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="spoofingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."decision_id" IS NOT NULL OR OLD."line_asked" IS DISTINCT FROM (NEW."line_asked") OR OLD."campaign_id" IS DISTINCT FROM (NEW."campaign_id") OR OLD."agent_id" IS DISTINCT FROM (NEW."agent_id") OR OLD."client_id" IS DISTINCT FROM (NEW."client_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e46cee2369042098497622f11578002bc83163a3",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_6b105",
                    table="calls_spoofingevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
