import datetime as dt
from datetime import UTC, datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration

SINCE = datetime(2021, 11, 1, tzinfo=UTC)  # the Personal Information Protection Law is in force
PACKS = (
    {"trade": "general", "name": "general"},
    {"trade": "retail", "name": "retail"},
    {
        "trade": "finance",
        "name": "finance",
        "basis": "《证券期货投资者适当性管理办法》",
        "script_approvers": 2,
    },
    {"trade": "education", "name": "education", "basis": "《个人信息保护法》第31条", "script_approvers": 2},
    {
        "trade": "medical",
        "name": "medical",
        "basis": "《广告法》",
        "script_approvers": 2,
        "needs_qualification": True,
    },
)
DAYS = {
    "contact": 365, "call": 365, "uncalled": 365, "decision": 365, "import_file": 30, "list_file": 1, "code": 1, "webhook": 30, "notice": 180,
    "session": 1, "trail": 365, "recording": 365, "transcript": 365, "review": 365, "complaint": 365, "request": 365,
}  # fmt: skip


def write_norm(apps, schema_editor):
    """Version 1 of each policy is the norm itself; the defaults of the tables are its limits (R8, R11, R13, R28)."""

    def write(model, number=1, **values):
        apps.get_model("policies", model).objects.create(number=number, in_force_from=SINCE, **values)

    apps.get_model("policies", "TermsToken").objects.update_or_create(pk=1, defaults={"token": 0})
    write("CallingPolicy")
    write("MeasuresPolicy")
    for number, pack in enumerate(PACKS, 1):
        write("TradePack", number, **pack)
    for number, (data_class, days) in enumerate(DAYS.items(), 1):
        write("RetentionPolicy", number, data_class=data_class, days=days)


class Migration(FirstMigration):
    initial = True

    dependencies = [("accounts", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="CalendarYear",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("holidays", models.JSONField(verbose_name="holidays")),
                (
                    "working_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="make-up working days",
                    ),
                ),
                ("notice", models.CharField(max_length=120, verbose_name="notice of the State Council")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "get_latest_by": "number",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("year__gte", 2004), ("year__lte", 2100)),
                        name="calendar_year_is_a_year",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notice", ""), _negated=True), name="calendar_names_its_notice"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_by", models.F("approved_by")), _negated=True),
                            models.Q(("approved_by__isnull", True), ("written_by__isnull", True)),
                            _connector="OR",
                        ),
                        name="calendar_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("window_start", models.TimeField(default=dt.time(8, 0), verbose_name="calls from")),
                ("window_end", models.TimeField(default=dt.time(21, 0), verbose_name="calls until")),
                ("calls_per_day", models.PositiveSmallIntegerField(default=1, verbose_name="calls a day")),
                (
                    "calls_per_week",
                    models.PositiveSmallIntegerField(default=3, verbose_name="calls in 7 days"),
                ),
                (
                    "reservation_seconds",
                    models.PositiveSmallIntegerField(
                        default=60, verbose_name="seconds that a reservation holds"
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "get_latest_by": "number",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("calls_per_day__lte", 1),
                            ("calls_per_week__lte", 3),
                            ("reservation_seconds__lte", 60),
                            ("window_end__lte", dt.time(21, 0)),
                            ("window_start__gte", dt.time(8, 0)),
                            ("window_start__lt", models.F("window_end")),
                        ),
                        name="calling_policy_within_norm",
                        violation_error_message="A policy may only tighten the norm: hours within 08:00-21:00, at most 1 call a day and 3 in 7 days (R11, R13).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_by", models.F("approved_by")), _negated=True),
                            models.Q(("approved_by__isnull", True), ("written_by__isnull", True)),
                            _connector="OR",
                        ),
                        name="calling_policy_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeasuresPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "hours",
                    models.PositiveSmallIntegerField(
                        default=24, verbose_name="calls of the last hours are looked at"
                    ),
                ),
                (
                    "least_calls",
                    models.PositiveSmallIntegerField(default=50, verbose_name="judged from this many calls"),
                ),
                (
                    "unanswered_percent",
                    models.PositiveSmallIntegerField(default=70, verbose_name="unanswered calls, percent"),
                ),
                (
                    "short_percent",
                    models.PositiveSmallIntegerField(
                        default=50, verbose_name="short calls, percent of the connected"
                    ),
                ),
                (
                    "short_seconds",
                    models.PositiveSmallIntegerField(
                        default=5, verbose_name="a call is short below, seconds"
                    ),
                ),
                (
                    "complaint_percent",
                    models.PositiveSmallIntegerField(
                        default=2, verbose_name="complaints, percent of the connected"
                    ),
                ),
                (
                    "refused_percent",
                    models.PositiveSmallIntegerField(
                        default=50, verbose_name="refusals of the gate, percent of what was asked"
                    ),
                ),
                (
                    "numbers_per_client_hour",
                    models.PositiveIntegerField(
                        default=20000, verbose_name="numbers that a program is given an hour"
                    ),
                ),
                ("pauses_line", models.BooleanField(default=False, verbose_name="a flagged line is paused")),
                (
                    "pauses_agent",
                    models.BooleanField(default=False, verbose_name="a flagged agent is suspended"),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "get_latest_by": "number",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("complaint_percent__range", (1, 100)),
                            ("hours__range", (1, 168)),
                            ("least_calls__gte", 10),
                            ("numbers_per_client_hour__range", (1, 2000000)),
                            ("refused_percent__range", (1, 100)),
                            ("short_percent__range", (1, 100)),
                            ("short_seconds__range", (1, 60)),
                            ("unanswered_percent__range", (1, 100)),
                        ),
                        name="measures_policy_makes_sense",
                        violation_error_message="Percent from 1 to 100, hours from 1 to 168, at least 10 calls, short calls from 1 to 60 seconds.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_by", models.F("approved_by")), _negated=True),
                            models.Q(("approved_by__isnull", True), ("written_by__isnull", True)),
                            _connector="OR",
                        ),
                        name="measures_policy_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyDraft",
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
                            ("calling", "calling hours and caps"),
                            ("calendar", "holiday calendar of a year"),
                            ("trade", "trade pack"),
                            ("measures", "automatic measures"),
                            ("retention", "storage periods"),
                            ("alarms", "alarms of the access log"),
                        ],
                        max_length=10,
                        verbose_name="policy",
                    ),
                ),
                ("values", models.JSONField()),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "awaiting a second person"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("written_by", models.F("decided_by")), _negated=True),
                        name="policy_draft_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("decided_by__isnull", False), _connector="OR"),
                        name="policy_draft_has_decider",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="RetentionPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "data_class",
                    models.CharField(
                        choices=[
                            ("contact", "contacts"),
                            ("uncalled", "contacts that were never called"),
                            ("call", "calls, with their results and tickets"),
                            ("decision", "decisions of the gate that led to no call"),
                            ("recording", "recordings"),
                            ("transcript", "transcripts"),
                            ("review", "reviews, violations and corrective actions"),
                            ("complaint", "complaints and disputes"),
                            ("request", "requests of persons about their data"),
                            ("import_file", "files and reports of imports"),
                            ("list_file", "lists held against the register, and their results"),
                            ("code", "one-time codes"),
                            ("webhook", "messages to other systems"),
                            ("notice", "lines of the inbox"),
                            ("session", "sessions that are over"),
                            ("trail", "the access log"),
                        ],
                        max_length=12,
                        verbose_name="class of data",
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(default=365, verbose_name="days that it is kept")),
                (
                    "action",
                    models.CharField(
                        choices=[("delete", "deleted"), ("anonymise", "anonymised: only counts stay")],
                        default="delete",
                        max_length=9,
                        verbose_name="then it is",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="regulation that asks for more than 365 days"
                    ),
                ),
                ("basis_ends_on", models.DateField(blank=True, null=True, verbose_name="it asks so until")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "get_latest_by": "number",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("days__gte", 1), ("days__lte", 365)),
                            models.Q(
                                ("basis_ends_on__isnull", False),
                                ("days__gte", 1),
                                ("days__lte", 3650),
                                models.Q(("basis", ""), _negated=True),
                                models.Q(("data_class__in", ["contact", "uncalled"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="retention_policy_within_norm",
                        violation_error_message="Data is kept for 1 to 365 days. More needs a regulation that asks for it and the day on which it ends, and is never possible for contacts (R8).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("data_class", "trail"), _negated=True),
                            ("days__gte", 180),
                            _connector="OR",
                        ),
                        name="trail_is_kept_six_months",
                        violation_error_message="The access log is kept for at least 180 days (R10).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("data_class__in", ["contact", "call", "decision", "recording"]),
                                _negated=True,
                            ),
                            ("days__gte", 30),
                            _connector="OR",
                        ),
                        name="record_of_a_call_is_kept_30_days",
                        violation_error_message="Contacts, calls, decisions and recordings are kept for at least 30 days: the record of a call has to be (R34).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action", "delete"), ("data_class", "call"), _connector="OR"),
                        name="only_calls_are_anonymised",
                        violation_error_message="Only calls can be anonymised; everything else is deleted.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "data_class__in",
                                [
                                    "contact",
                                    "uncalled",
                                    "call",
                                    "decision",
                                    "recording",
                                    "transcript",
                                    "review",
                                    "complaint",
                                    "request",
                                    "import_file",
                                    "list_file",
                                    "code",
                                    "webhook",
                                    "notice",
                                    "session",
                                    "trail",
                                ],
                            )
                        ),
                        name="retention_of_a_known_class",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_by", models.F("approved_by")), _negated=True),
                            models.Q(("approved_by__isnull", True), ("written_by__isnull", True)),
                            _connector="OR",
                        ),
                        name="retention_policy_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_terms_token")]
            },
        ),
        migrations.CreateModel(
            name="TradePack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("trade", models.SlugField(max_length=12, verbose_name="trade")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("may_market", models.BooleanField(default=True, verbose_name="marketing calls are allowed")),
                (
                    "highest_risk",
                    models.CharField(
                        choices=[("R1", "R1"), ("R2", "R2"), ("R3", "R3")],
                        default="R3",
                        max_length=2,
                        verbose_name="highest risk level of a product",
                    ),
                ),
                (
                    "needs_qualification",
                    models.BooleanField(
                        default=False, verbose_name="marketing needs a permit, named in the campaign"
                    ),
                ),
                (
                    "script_approvers",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="people who approve a marketing script"
                    ),
                ),
                ("basis", models.CharField(blank=True, max_length=200, verbose_name="legal basis")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "get_latest_by": "number",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("script_approvers__range", (1, 3)),
                            models.Q(
                                models.Q(("trade__in", ["finance", "education", "medical"]), _negated=True),
                                ("script_approvers__gte", 2),
                                _connector="OR",
                            ),
                        ),
                        name="trade_pack_has_approvers",
                        violation_error_message="From 1 to 3 people approve a script; marketing of finance, education and medical trades needs two at least (R28).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("highest_risk__in", ["R1", "R2", "R3"])),
                        name="trade_pack_within_norm",
                        violation_error_message="Products of risk level R4 and R5 are not sold by outbound calls (R24).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_by", models.F("approved_by")), _negated=True),
                            models.Q(("approved_by__isnull", True), ("written_by__isnull", True)),
                            _connector="OR",
                        ),
                        name="trade_pack_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlarmPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("in_force_from", models.DateTimeField(verbose_name="in force from")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("thresholds", models.JSONField(default=dict, verbose_name="thresholds")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "get_latest_by": "number",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_by", models.F("approved_by")), _negated=True),
                            models.Q(("approved_by__isnull", True), ("written_by__isnull", True)),
                            _connector="OR",
                        ),
                        name="alarm_policy_four_eyes",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alarmpolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8f64a2905bdb42064026ca03602135e6e8f4f098",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_3b349",
                    table="policies_alarmpolicy",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendaryear",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3c40e7a4ff668c2ed1e2c7806a1e72d96b74b3cc",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_b0611",
                    table="policies_calendaryear",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendaryear",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="b844f71aa7d681c1ce98583d923bc22156401728",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_942f3",
                    table="policies_calendaryear",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="callingpolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="938de508db268c861ba075bc06695e28d80fd65d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_15c5f",
                    table="policies_callingpolicy",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="callingpolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="36944668ed966639486b35565e4761e3c7445107",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_8b96d",
                    table="policies_callingpolicy",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="measurespolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7321e6b21d4bb54002ced7096c48eb71401c85b5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_6b7b9",
                    table="policies_measurespolicy",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policydraft",
            trigger=pgtrigger.compiler.Trigger(
                name="decided_is_frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" IN ('approved', 'refused'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="52120b6b006648205f8e0b5f0d7e5f97faf9578c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_decided_is_frozen_6b10b",
                    table="policies_policydraft",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="retentionpolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f882c02a64a89500b67ece69cdeb0c498534058a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_0b779",
                    table="policies_retentionpolicy",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tradepack",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ba553f4587a6bbba641c635cf345037f9923bb12",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_deed0",
                    table="policies_tradepack",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tradepack",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="b4c9799e6d9e32372b9848f82ffb3d8e20dcc218",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_7f011",
                    table="policies_tradepack",
                    when="AFTER",
                ),
            ),
        ),
        # Which version of the terms a decision saw: a number that never comes again, also after a restore.
        migrations.RunSQL(
            "create sequence policies_termstoken_token", "drop sequence policies_termstoken_token"
        ),
        migrations.RunPython(write_norm, migrations.RunPython.noop),
    ]
