import apps.core.privacy.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "__first__"), ("governance", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="ComplianceAudit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("scope", models.TextField(max_length=2000, verbose_name="scope")),
                ("since", models.DateField(verbose_name="from")),
                ("until", models.DateField(verbose_name="until, included")),
                ("auditor", models.CharField(help_text="a person of ours, or an agency", max_length=120, verbose_name="auditor")),
                ("is_outside", models.BooleanField(default=False, verbose_name="by an outside agency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("running", "being carried out"),
                            ("reported", "awaiting a second signature"),
                            ("signed", "signed"),
                        ],
                        default="planned",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("conclusion", models.TextField(blank=True, max_length=4000, verbose_name="conclusion")),
                ("signed_at", models.DateTimeField(null=True, verbose_name="signed on")),
                ("signature", models.JSONField(default=dict)),
                (
                    "countersigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="countersigned by",
                    ),
                ),
                (
                    "planned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="planned by",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed by",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="audit_ends_after_it_begins",
                        violation_error_message="The time that is audited ends before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("signed_by", models.F("countersigned_by")), _negated=True), name="audit_signed_by_two"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "signed"), _negated=True),
                            models.Q(
                                ("countersigned_by__isnull", False),
                                ("signed_at__isnull", False),
                                ("signed_by__isnull", False),
                                models.Q(("conclusion", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="audit_signed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("point", models.CharField(max_length=40)),
                ("measured", models.JSONField(default=dict)),
                ("found", models.TextField(blank=True, max_length=4000, verbose_name="what was found")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("open", "not judged yet"),
                            ("conforms", "conforms"),
                            ("partly", "conforms in part"),
                            ("not", "does not conform"),
                            ("na", "does not apply"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="verdict",
                    ),
                ),
                ("file", apps.core.privacy.fields.FileNameField(blank=True, max_length=80, verbose_name="evidence file")),
                ("file_sha256", models.BinaryField(max_length=32, null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "audit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="governance.complianceaudit"),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("audit", "point"), name="audit_point_once"),
                    models.CheckConstraint(
                        condition=models.Q(("verdict", "open"), ("answered_by__isnull", False), _connector="OR"),
                        name="audit_verdict_of_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("month", models.DateField(unique=True, verbose_name="month")),
                ("measured", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=dict, verbose_name="notes")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("once", "awaiting a second signature"), ("signed", "signed")],
                        default="draft",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("signed_at", models.DateTimeField(null=True, verbose_name="signed on")),
                ("signature", models.JSONField(default=dict)),
                (
                    "countersigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="countersigned by",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed by",
                    ),
                ),
            ],
            options={
                "ordering": ["-month"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("signed_by", models.F("countersigned_by")), _negated=True), name="month_signed_by_two"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "signed"), _negated=True),
                            models.Q(("countersigned_by__isnull", False), ("signed_at__isnull", False), ("signed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="month_signed_by_somebody",
                    ),
                    models.CheckConstraint(condition=models.Q(("month__day", 1)), name="month_begins_on_the_first"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Nonconformity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("duty", models.CharField(blank=True, max_length=3, verbose_name="duty")),
                ("text", models.CharField(max_length=500, verbose_name="what does not conform")),
                ("due_on", models.DateField(verbose_name="due on")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("done", "done, to be checked"), ("closed", "closed")],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("measures", models.CharField(blank=True, max_length=500, verbose_name="what was done")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="nonconformities", to="governance.auditanswer"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="owner"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="nonconformities", to="governance.monthreport"
                    ),
                ),
            ],
            options={
                "verbose_name": "nonconformity",
                "ordering": ["due_on", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("report__isnull", True), ("answer__isnull", True), _connector="XOR"),
                        name="nonconformity_of_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("report__isnull", False), models.Q(("state", "closed"), _negated=True)),
                        fields=("duty",),
                        name="nonconformity_of_a_duty_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_by", models.F("done_by")), _negated=True), name="nonconformity_checked_by_another"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(("closed_by__isnull", False), ("done_by__isnull", False), models.Q(("measures", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="nonconformity_closed_by_somebody",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complianceaudit",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7a81e52e8d14ec7efcc67b788ef602e90ad9447b",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_9681a",
                    table="governance_complianceaudit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complianceaudit",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'signed')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="c44b253db0ad94849440001984fa72ec99a96926",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_stays_273f9",
                    table="governance_complianceaudit",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="567ddaff9abc2cdb2e94716e0c87ba2d6c9463eb",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_72813",
                    table="governance_auditanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="of_an_open_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if exists (select from governance_complianceaudit where id = old.audit_id and state in ('reported', 'signed'))\n                then raise exception 'the answers of an audit that was reported stay' using errcode = 'check_violation'; end if;\n                return new;",
                    hash="eb5cf4744485c965daf42cf4039936f15cd81606",
                    operation="UPDATE",
                    pgid="pgtrigger_of_an_open_audit_1a3fc",
                    table="governance_auditanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monthreport",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="80197cebfd433526e57a59ef5972325c37482c14",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_cf11d",
                    table="governance_monthreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monthreport",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'signed')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6cfcd8662f51b844bbf1a6a3c718dacc4dd98d73",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_stays_4c236",
                    table="governance_monthreport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="nonconformity",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="48cf158fcf3137b3595bc25ea714caa1da9b0613",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_16a07",
                    table="governance_nonconformity",
                    when="BEFORE",
                ),
            ),
        ),
    ]
