import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contacts", "0001_tables"),
        ("scripts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                (
                    "retired_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="no longer used since"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="brand_has_a_name"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.CharField(max_length=60, unique=True, verbose_name="number")),
                ("authority", models.CharField(max_length=120, verbose_name="authority")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_until", models.DateField(verbose_name="valid until")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gte", models.F("valid_from"))),
                        name="filing_ends_after_it_begins",
                        violation_error_message="The filing ends before it begins.",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="caller number")),
                ("carrier", models.CharField(max_length=60, verbose_name="carrier")),
                ("ownership_proof", models.CharField(max_length=200, verbose_name="proof of ownership")),
                (
                    "filing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covered_lines",
                        to="campaigns.filing",
                        verbose_name="filing",
                    ),
                ),
                (
                    "test_call",
                    models.CharField(blank=True, max_length=200, verbose_name="record of the test call"),
                ),
                ("test_called_at", models.DateTimeField(blank=True, null=True, verbose_name="test call at")),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "not verified"), ("verified", "verified"), ("blocked", "blocked")],
                        default="new",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "calls_per_hour",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="calls an hour that the carrier allows"
                    ),
                ),
                (
                    "calls_per_day",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="calls a day that the carrier allows"
                    ),
                ),
                (
                    "blocked_because",
                    models.CharField(blank=True, max_length=200, verbose_name="blocked because"),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="verified by",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("verified_by", models.F("recorded_by")), _negated=True),
                        name="line_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^\\+[1-9][0-9]{5,14}$")),
                        name="line_number_is_e164",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("test_called_at__isnull", True),
                            models.Q(
                                (
                                    "test_called_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "test_called_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="line_test_call_is_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "verified"), _negated=True),
                            models.Q(
                                ("filing__isnull", False),
                                ("test_called_at__isnull", False),
                                models.Q(("ownership_proof", ""), _negated=True),
                                models.Q(("test_call", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="verified_line_has_proof_filing_and_test_call",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("marketing", "marketing"),
                            ("notification", "notification"),
                            ("service", "service"),
                        ],
                        max_length=12,
                        verbose_name="kind of call",
                    ),
                ),
                ("trade", models.CharField(max_length=12, verbose_name="trade")),
                (
                    "voice",
                    models.CharField(
                        choices=[("human", "people"), ("synthetic", "a machine, with a synthetic voice")],
                        db_default="human",
                        default="human",
                        max_length=9,
                        verbose_name="who speaks",
                    ),
                ),
                (
                    "product_risk",
                    models.CharField(
                        blank=True,
                        choices=[("R1", "R1"), ("R2", "R2"), ("R3", "R3"), ("R4", "R4"), ("R5", "R5")],
                        max_length=2,
                        verbose_name="risk level of the product",
                    ),
                ),
                (
                    "qualification",
                    models.CharField(blank=True, max_length=120, verbose_name="permit that the trade needs"),
                ),
                (
                    "brand",
                    models.CharField(blank=True, max_length=80, verbose_name="brand under which it calls"),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="contacts.purpose",
                        verbose_name="purpose",
                    ),
                ),
                ("lawful_basis", models.CharField(max_length=200, verbose_name="lawful basis")),
                (
                    "filing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="campaigns.filing",
                        verbose_name="filing",
                    ),
                ),
                (
                    "script",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="scripts.script",
                        verbose_name="script",
                    ),
                ),
                (
                    "pinned_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scripts.scriptversion",
                        verbose_name="pinned version of the script",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                ("window_start", models.TimeField(blank=True, null=True, verbose_name="calls from")),
                ("window_end", models.TimeField(blank=True, null=True, verbose_name="calls until")),
                (
                    "calls_per_week",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="calls a week"),
                ),
                (
                    "checklist",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="check list",
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "awaiting approval"),
                            ("approved", "approved"),
                            ("running", "running"),
                            ("paused", "paused"),
                            ("ended", "ended"),
                        ],
                        default="draft",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
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
                        verbose_name="approved by",
                    ),
                ),
                (
                    "paused_because",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="paused because"
                    ),
                ),
                (
                    "lines",
                    models.ManyToManyField(
                        blank=True, related_name="campaigns", to="campaigns.line", verbose_name="lines"
                    ),
                ),
                (
                    "clients",
                    models.ManyToManyField(
                        blank=True, related_name="campaigns", to="accounts.apiclient", verbose_name="diallers"
                    ),
                ),
            ],
            options={
                "permissions": [("work", "work it"), ("supervise", "run it"), ("review", "approve it")],
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="campaign_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("created_by")), _negated=True),
                        name="campaign_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "submitted", "ended"]),
                            ("approved_by__isnull", False),
                            _connector="OR",
                        ),
                        name="campaign_approval_has_approver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window_start__isnull", True), ("window_start__gte", "08:00"), _connector="OR"
                        ),
                        name="campaign_window_not_before_8",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window_end__isnull", True), ("window_end__lte", "21:00"), _connector="OR"
                        ),
                        name="campaign_window_not_after_21",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("calls_per_week__isnull", True), ("calls_per_week__lte", 3), _connector="OR"
                        ),
                        name="campaign_week_within_norm",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueueEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="contacts.contact",
                    ),
                ),
                ("priority", models.SmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("held", "on an agent's desk"),
                            ("called", "called"),
                            ("dropped", "dropped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "held_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["campaign", "-priority", "id"],
                        name="queue_next",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("campaign", "contact"), name="contact_queued_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "held")),
                        fields=("held_by",),
                        name="one_contact_on_a_desk",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallException",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "covers",
                    models.CharField(
                        choices=[("hours", "calling hours"), ("caps", "calls a day and in 7 days")],
                        max_length=5,
                        verbose_name="exception from",
                    ),
                ),
                ("window_start", models.TimeField(blank=True, null=True, verbose_name="calls from")),
                ("window_end", models.TimeField(blank=True, null=True, verbose_name="calls until")),
                (
                    "calls_per_day",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="calls a day"),
                ),
                (
                    "calls_per_week",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="calls in 7 days"),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked for by",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exceptions",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("asked_by")), _negated=True),
                        name="call_exception_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="call_exception_approval_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__gt", models.F("starts_at")),
                            (
                                "ends_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("starts_at"),
                                    "+",
                                    models.Value("30 days", output_field=models.DurationField()),
                                ),
                            ),
                        ),
                        name="call_exception_ends",
                        violation_error_message="An exception ends after it begins, and within 30 days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("calls_per_day__isnull", True),
                                ("calls_per_week__isnull", True),
                                ("covers", "hours"),
                                ("window_end__gt", models.F("window_start")),
                                ("window_start__isnull", False),
                            ),
                            models.Q(
                                ("calls_per_day__range", (1, 3)),
                                ("calls_per_week__range", (1, 7)),
                                ("covers", "caps"),
                                ("window_end__isnull", True),
                                ("window_start__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="call_exception_says_what",
                        violation_error_message="Give the hours, or the calls: at most 3 a day and 7 in 7 days.",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="CampaignGroupPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                (
                    "permission",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
                ),
            ],
            options={"abstract": False, "unique_together": {("group", "permission", "content_object")}},
        ),
        migrations.CreateModel(
            name="CampaignUserPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="campaigns.campaign"),
                ),
                (
                    "permission",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"abstract": False, "unique_together": {("user", "permission", "content_object")}},
        ),
        migrations.CreateModel(
            name="CampaignLine",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("campaigns.campaign_lines",),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="filing",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c04801234301908c7131ba5fb5d97ca74633a9d2",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_c040a",
                    table="campaigns_filing",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="filing",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="ae7ed4098cf2e2b75da6bc1acf4c28299cf30db0",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_411e2",
                    table="campaigns_filing",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="brand",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="96a40f55d9ac40a45201bad7d8b70bf6ae7f683e",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_b688b",
                    table="campaigns_brand",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="brand",
            trigger=pgtrigger.compiler.Trigger(
                name="name_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."name" IS DISTINCT FROM (NEW."name"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="8e76df66fb8dd9cc3a0b7f1f544462f20c33c2a1",
                    operation="UPDATE",
                    pgid="pgtrigger_name_stays_c27d2",
                    table="campaigns_brand",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="callexception",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="0dde8fa85debc59629d2e22990ec664503d8ea4d",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_66663",
                    table="campaigns_callexception",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="callexception",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="db4af672e09cc0b47333bc247a87a15bd304f8b4",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_df448",
                    table="campaigns_callexception",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="callexception",
            trigger=pgtrigger.compiler.Trigger(
                name="never_for_marketing",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="if (select kind from campaigns_campaign where id = new.campaign_id) = 'marketing' then raise exception 'marketing has no exception (R11, R13)' using errcode = 'check_violation'; end if; return new;",
                    hash="92c063257ccbef205f48216b3102cd0ddd2c38c5",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_never_for_marketing_996be",
                    table="campaigns_callexception",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="line",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7e9da0ee6ff2e69b4936ef4b393c458ecaf2bca6",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_3179a",
                    table="campaigns_line",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="line",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="78eb597d96316c4aa774531ac455666db7da965f",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_14d52",
                    table="campaigns_line",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="campaign",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c077fb5a12d79c23f9a69e77586b53a4424b4bf7",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_3d35b",
                    table="campaigns_campaign",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="campaign",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="6152575c386a1842317dd7f07b37d97fefe8af0d",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_5603a",
                    table="campaigns_campaign",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="campaign",
            trigger=pgtrigger.compiler.Trigger(
                name="approved_kind_and_trade_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" IN (\'draft\', \'submitted\')) AND (OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."trade" IS DISTINCT FROM (NEW."trade") OR OLD."purpose_id" IS DISTINCT FROM (NEW."purpose_id")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9fedfec2b72d4db8e5d89935e99f9da9fc3cd67b",
                    operation="UPDATE",
                    pgid="pgtrigger_approved_kind_and_trade_stay_3e3b6",
                    table="campaigns_campaign",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="campaign",
            trigger=pgtrigger.compiler.Trigger(
                name="pinned_is_of_script",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."pinned_version_id" IS NOT NULL)',
                    func="if (select script_id from scripts_scriptversion where id = new.pinned_version_id) is distinct from new.script_id then raise exception 'a campaign pins a version of its own script' using errcode = 'check_violation'; end if; return new;",
                    hash="d36c8336287f2dd6ad25f643b1f2642b0f284896",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_pinned_is_of_script_917f9",
                    table="campaigns_campaign",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="campaignline",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="68c9b3eccc17b59b3e971d41bd990cb4ff7b7571",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_c15c5",
                    table="campaigns_campaign_lines",
                    when="AFTER",
                ),
            ),
        ),
    ]
