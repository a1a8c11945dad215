import django.db.models.deletion
import django.db.models.lookups
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from apps.core.database.first_migration import FirstMigration


class Migration(FirstMigration):
    initial = True

    dependencies = [("accounts", "0001_tables"), ("auditlog", "0017_add_actor_email")]

    operations = [
        migrations.CreateModel(
            name="TreeHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("stream", models.CharField(max_length=12)),
                ("number", models.BigIntegerField()),
                ("after", models.BigIntegerField()),
                ("upto", models.BigIntegerField()),
                ("rows", models.PositiveIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("previous", models.BinaryField(max_length=32)),
                ("form", models.PositiveSmallIntegerField()),
                ("key", models.CharField(max_length=40)),
                ("signature", models.BinaryField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("stream", "number"), name="tree_head_once"),
                    models.UniqueConstraint(fields=("stream", "after"), name="tree_heads_do_not_overlap"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number__gte", 1), ("rows__gte", 1), ("upto__gt", models.F("after"))
                        ),
                        name="tree_head_covers_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "root", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "previous", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                        ),
                        name="tree_head_has_hashes",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="TrailCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("tree_heads", models.PositiveIntegerField()),
                ("rows", models.PositiveBigIntegerField()),
                ("findings", models.JSONField(default=list)),
                ("ended_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TrailCut",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("stream", models.CharField(max_length=12)),
                ("number", models.BigIntegerField()),
                ("upto", models.BigIntegerField()),
                ("rows", models.PositiveBigIntegerField()),
                ("reason", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=40)),
                ("signature", models.BinaryField(max_length=64)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("stream", "number"), name="cut_once")]},
        ),
        migrations.CreateModel(
            name="Change",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("auditlog.logentry",),
        ),
        migrations.CreateModel(
            name="AccessEvent",
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
                            ("viewed", "viewed"),
                            ("searched", "searched"),
                            ("disclosed", "disclosed"),
                            ("handed_over", "handed to a dialler"),
                            ("imported", "imported"),
                            ("played", "played"),
                            ("exported", "exported"),
                            ("signed_in", "signed in"),
                            ("signed_out", "signed out"),
                            ("sign_in_failed", "failed to sign in"),
                        ],
                        max_length=14,
                        verbose_name="what",
                    ),
                ),
                ("subject", models.CharField(max_length=40)),
                ("field", models.CharField(blank=True, max_length=40)),
                ("count", models.PositiveIntegerField(default=1)),
                ("purpose", models.CharField(max_length=200)),
                ("address", models.GenericIPAddressField(null=True)),
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
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("actor__isnull", False)),
                        fields=["actor", "-created_at"],
                        name="access_event_by_actor",
                    ),
                    models.Index(fields=["subject", "-created_at"], name="access_event_by_subject"),
                    models.Index(
                        condition=models.Q(("field", ""), _negated=True),
                        fields=["field", "-created_at"],
                        name="access_event_by_field",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actor__isnull", False),
                            ("client__isnull", False),
                            ("kind", "sign_in_failed"),
                            _connector="OR",
                        ),
                        name="access_event_has_reader",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.CharField(max_length=40, verbose_name="what")),
                ("subject", models.CharField(max_length=60, verbose_name="who or what")),
                ("count", models.PositiveIntegerField(verbose_name="how many")),
                ("limit", models.PositiveIntegerField(verbose_name="threshold")),
                ("last_at", models.DateTimeField(verbose_name="last seen")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "nobody looks into it yet"),
                            ("taken", "being looked into"),
                            ("closed", "closed"),
                        ],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("taken_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("explained", "work that was to be done"),
                            ("mistaken", "the threshold is too low"),
                            ("misuse", "misuse by a colleague"),
                            ("incident", "an incident: data leaked, was changed or lost (R37)"),
                        ],
                        max_length=9,
                        verbose_name="what it was",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="what was found")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "client",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
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
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "person",
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
                    models.UniqueConstraint(
                        condition=models.Q(("state", "closed"), _negated=True),
                        fields=("code", "subject"),
                        name="alarm_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                models.Q(("verdict", ""), _negated=True),
                                models.Q(("note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="alarm_closed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_by", models.F("person")), _negated=True),
                        name="alarm_not_closed_by_whom_it_is_about",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("owner__isnull", False), _connector="OR"),
                        name="alarm_has_an_owner",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="TreeHeadRows",
            fields=[
                (
                    "tree_head",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="hashes",
                        serialize=False,
                        to="audit.treehead",
                    ),
                ),
                ("ids", models.BinaryField()),
                ("leaves", models.BinaryField()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treehead",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="680ece5b8feb11b1ecf61ebaa26a9c31b2cf3cc6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9e2a3",
                    table="audit_treehead",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trailcheck",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="10d93c797d6e3dee91bbd5316145e7ba0a419a74",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6131f",
                    table="audit_trailcheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trailcut",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="654d0c7b5b1b702e4a476136022cb182d61cf99d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_44d6c",
                    table="audit_trailcut",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="trailcut",
            trigger=pgtrigger.compiler.Trigger(
                name="old_enough",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if not exists (\n                    select from audit_treehead where stream = new.stream and number = new.number and upto = new.upto\n                    and created_at <= new.created_at - interval '180 days'\n                ) then\n                    raise exception 'the trail is kept for 180 days (R10)' using errcode = 'check_violation';\n                end if;\n                return new;",
                    hash="68f656c9e1a9966d1a7ddab428bc7cb778dbc598",
                    operation="INSERT",
                    pgid="pgtrigger_old_enough_ed8cc",
                    table="audit_trailcut",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="change",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="628ec558ce92c007fbe9a5efed0005dcb5f20bea",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_f2037",
                    table="auditlog_logentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="change",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_with_its_stretch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            if not exists (select from audit_trailcut where stream = 'changes' and upto >= old.id) then\n                raise exception 'the trail is append-only (R10)' using errcode = 'check_violation';\n            end if;\n            return old;",
                    hash="8c1f1f147d6195aabfc9e9d1e8d45afccd49bd9d",
                    operation="DELETE",
                    pgid="pgtrigger_goes_with_its_stretch_69941",
                    table="auditlog_logentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accessevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="12a6d3dba57a2efdd241122c3ed298d09609b83e",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_718eb",
                    table="audit_accessevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accessevent",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_with_its_stretch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            if not exists (select from audit_trailcut where stream = 'reads' and upto >= old.id) then\n                raise exception 'the trail is append-only (R10)' using errcode = 'check_violation';\n            end if;\n            return old;",
                    hash="afe1a60d4a79000cadabe42b71352c5f9121018a",
                    operation="DELETE",
                    pgid="pgtrigger_goes_with_its_stretch_4ab49",
                    table="audit_accessevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alarm",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1044a596982f14b11634931160b1b28f2ce90754",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_e1fdc",
                    table="audit_alarm",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alarm",
            trigger=pgtrigger.compiler.Trigger(
                name="closed_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" = 'closed')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="f6f386716d7c280d67b82c8facbb69eae24601a2",
                    operation="UPDATE",
                    pgid="pgtrigger_closed_stays_ed594",
                    table="audit_alarm",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treeheadrows",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="ce32093618a3155eb4332d0f43f4b1adfdb13080",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_aa230",
                    table="audit_treeheadrows",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treeheadrows",
            trigger=pgtrigger.compiler.Trigger(
                name="goes_with_its_stretch",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if not exists (\n                    select from audit_trailcut c join audit_treehead s on s.id = old.tree_head_id\n                    where c.stream = s.stream and c.number >= s.number\n                ) then\n                    raise exception 'the trail is append-only (R10)' using errcode = 'check_violation';\n                end if;\n                return old;",
                    hash="b1e70c65d147dea0eb5aacd350f6815ef0464b92",
                    operation="DELETE",
                    pgid="pgtrigger_goes_with_its_stretch_f60b1",
                    table="audit_treeheadrows",
                    when="BEFORE",
                ),
            ),
        ),
    ]
