import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [("accounts", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="Script",
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
                            ("sms", "SMS"),
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
                        verbose_name="spoken by",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScriptVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "script",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="scripts.script",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("company", models.CharField(max_length=80, verbose_name="company as said")),
                ("opening", models.TextField(blank=True, verbose_name="opening: company and person")),
                ("purpose", models.TextField(blank=True, verbose_name="purpose of the call")),
                ("body", models.TextField(verbose_name="body")),
                ("objections", models.TextField(blank=True, verbose_name="answers to objections")),
                ("way_out", models.TextField(blank=True, verbose_name="way out: how to opt out")),
                ("forbidden", models.TextField(blank=True, verbose_name="forbidden behaviours")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "awaiting review"),
                            ("changes_requested", "changes requested"),
                            ("approved", "approved, not published"),
                            ("published", "published"),
                            ("retired", "retired"),
                            ("expired", "expired"),
                        ],
                        default="draft",
                        max_length=50,
                        protected=True,
                    ),
                ),
                ("is_current", models.BooleanField(default=False)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("approvals_needed", models.PositiveSmallIntegerField(default=1)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("reminded_days", models.PositiveSmallIntegerField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "submitted")),
                        fields=["submitted_at"],
                        name="script_review_queue",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("script", "number"), name="script_version_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("script",),
                        name="one_current_version",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "submitted")),
                        fields=("script",),
                        name="one_version_in_review",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_current", False), ("state__in", ["published", "expired"]), _connector="OR"
                        ),
                        name="current_version_is_published",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("body", ""), _negated=True), models.Q(("company", ""), _negated=True)
                        ),
                        name="script_has_body_and_company",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "published"]), _negated=True),
                            models.Q(("approved_at__isnull", False), ("expires_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="approved_script_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"), ("submitted_at__isnull", False), _connector="OR"
                        ),
                        name="submitted_script_says_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ThirdReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("text_sha256", models.BinaryField(max_length=32, unique=True)),
                ("model", models.CharField(max_length=80)),
                ("findings", models.JSONField(default=list)),
                ("not_believed", models.PositiveIntegerField(default=0)),
                ("tokens", models.PositiveIntegerField(default=0)),
                ("took_ms", models.PositiveIntegerField(default=0)),
                ("failure", models.CharField(blank=True, max_length=120)),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="Overruling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overrulings",
                        to="scripts.scriptversion",
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("level", models.CharField(max_length=8)),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "code", "start", "end"), name="overruled_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level", "advisory")), name="only_advice_is_overruled"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="overruling_has_a_reason"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Remark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remarks",
                        to="scripts.scriptversion",
                    ),
                ),
                ("section", models.CharField(max_length=12)),
                ("start", models.PositiveIntegerField(default=0)),
                ("quote", models.CharField(blank=True, max_length=1000)),
                ("text", models.CharField(max_length=1000, verbose_name="remark")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "resolved_by",
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="remark_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", True), ("resolved_by__isnull", True)),
                            models.Q(("resolved_at__isnull", False), ("resolved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="resolved_remark_has_person",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="RemarkAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("text", models.CharField(max_length=1000, verbose_name="answer")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "remark",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="scripts.remark",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="answer_says_something"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="ReviewEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="scripts.scriptversion",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("submitted", "submitted for review"),
                            ("taken_back", "taken back by the author"),
                            ("changes_requested", "changes requested"),
                            ("approved", "approved"),
                            ("published", "published"),
                            ("retired", "retired"),
                            ("expired", "expired"),
                            ("overruled", "finding overruled"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=400)),
                ("packs", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "approved")),
                        fields=("version", "actor"),
                        name="approved_once_by_each",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "approved"), _negated=True),
                            models.Q(("actor__isnull", False), models.Q(("packs", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="approval_has_person_and_packs",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.SlugField(max_length=40, verbose_name="code")),
                ("number", models.PositiveIntegerField()),
                ("rule", models.JSONField()),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "awaiting a second person"),
                            ("in_force", "in force"),
                            ("superseded", "superseded"),
                            ("refused", "refused"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "blocks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
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
                    models.UniqueConstraint(fields=("code", "number"), name="rule_version_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")), fields=("code",), name="one_rule_in_force"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("written_by", models.F("decided_by")), _negated=True),
                        name="rule_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="rule_has_decider",
                    ),
                ]
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="script",
            trigger=pgtrigger.compiler.Trigger(
                name="kind_and_trade_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."trade" IS DISTINCT FROM (NEW."trade") OR OLD."voice" IS DISTINCT FROM (NEW."voice"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="43a8956320dd918afd92c9b607623c6cb099b0cc",
                    operation="UPDATE",
                    pgid="pgtrigger_kind_and_trade_stay_a3c87",
                    table="scripts_script",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="script",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="14d48432a80e11ed55971bf9fd8c3a54d15a2af3",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_cb334",
                    table="scripts_script",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remarkanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="58e494e35fb8c4ee60ba874ef93fb60f5a54737a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_654db",
                    table="scripts_remarkanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ruleversion",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="42a719e23057a96b6a119149285342e64ff3724e",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_ea827",
                    table="scripts_ruleversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ruleversion",
            trigger=pgtrigger.compiler.Trigger(
                name="rule_is_frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."rule" IS DISTINCT FROM (NEW."rule") OR OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."written_by_id" IS DISTINCT FROM (NEW."written_by_id") OR OLD."state" IN (\'superseded\', \'refused\'))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="437b673ea6733f8f423d3c15abf9a59e85c14136",
                    operation="UPDATE",
                    pgid="pgtrigger_rule_is_frozen_a4990",
                    table="scripts_ruleversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scriptversion",
            trigger=pgtrigger.compiler.Trigger(
                name="submitted_text_is_frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" = \'draft\') AND (OLD."company" IS DISTINCT FROM (NEW."company") OR OLD."opening" IS DISTINCT FROM (NEW."opening") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."body" IS DISTINCT FROM (NEW."body") OR OLD."objections" IS DISTINCT FROM (NEW."objections") OR OLD."way_out" IS DISTINCT FROM (NEW."way_out") OR OLD."forbidden" IS DISTINCT FROM (NEW."forbidden") OR OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."script_id" IS DISTINCT FROM (NEW."script_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."approvals_needed" IS DISTINCT FROM (NEW."approvals_needed")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6255c3f653149275a026b856d3ebdca32a40107f",
                    operation="UPDATE",
                    pgid="pgtrigger_submitted_text_is_frozen_ed9f4",
                    table="scripts_scriptversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scriptversion",
            trigger=pgtrigger.compiler.Trigger(
                name="submitted_is_whole",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"state\" = 'submitted')",
                    func="\n                if (select kind from scripts_script where id = new.script_id) <> 'sms'\n                   and (new.opening = '' or new.purpose = '' or new.way_out = '') then\n                    raise exception 'a script has an opening, a purpose and a way out (R16)' using errcode = 'check_violation';\n                end if;\n                if (select kind in ('marketing', 'sms') and trade in ('finance', 'education', 'medical')\n                    from scripts_script where id = new.script_id) and new.approvals_needed < 2 then\n                    raise exception 'marketing of this trade needs two approvers (R28)' using errcode = 'check_violation';\n                end if;\n                return new;",
                    hash="d646db9f71ae7eb9fe9f2441a8c4297d815d5f00",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_submitted_is_whole_afd33",
                    table="scripts_scriptversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scriptversion",
            trigger=pgtrigger.compiler.Trigger(
                name="approved_by_enough",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"state\" IN ('approved', 'published'))",
                    func="\n                if (select count(*) from scripts_reviewevent where version_id = new.id and kind = 'approved') < new.approvals_needed then\n                    raise exception 'too few people have approved this version (R28)' using errcode = 'check_violation';\n                end if;\n                return new;",
                    hash="911eca62bd2e329c5506beaeef9223869bf0ff1e",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_approved_by_enough_04e8f",
                    table="scripts_scriptversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scriptversion",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="150aa1bddbb2ca3c92658dc59548fea6e0983998",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_c3aaa",
                    table="scripts_scriptversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scriptversion",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="8c2ecf7bb6167e34368b2cc14c3f3118a0f5cb60",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_ec5af",
                    table="scripts_scriptversion",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="66221cd847f034e7acb049d7217f29399c40cd03",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cac74",
                    table="scripts_reviewevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewevent",
            trigger=pgtrigger.compiler.Trigger(
                name="four_eyes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"kind\" = 'approved')",
                    func="\n                if (select author_id from scripts_scriptversion where id = new.version_id) = new.actor_id then\n                    raise exception 'nobody approves what they wrote (R28)' using errcode = 'check_violation';\n                end if;\n                return new;",
                    hash="0066f3644116b73aa01dfad349e416f77d72cc59",
                    operation="INSERT",
                    pgid="pgtrigger_four_eyes_38d74",
                    table="scripts_reviewevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remark",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e0a0780fbb4270a6c9b195c0858912b444dc621b",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_5dc93",
                    table="scripts_remark",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="remark",
            trigger=pgtrigger.compiler.Trigger(
                name="words_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."text" IS DISTINCT FROM (NEW."text") OR OLD."quote" IS DISTINCT FROM (NEW."quote") OR OLD."author_id" IS DISTINCT FROM (NEW."author_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a2405369da4bc1dc5d855f68a649867c7ecdf39d",
                    operation="UPDATE",
                    pgid="pgtrigger_words_stay_b87a2",
                    table="scripts_remark",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overruling",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7a4e2818a42e61e5134e0359cf46a11ed5cd3500",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e6a0f",
                    table="scripts_overruling",
                    when="BEFORE",
                ),
            ),
        ),
    ]
