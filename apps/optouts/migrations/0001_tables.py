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

    dependencies = [("accounts", "0001_tables"), ("jobs", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="Code",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("word_hash", models.BinaryField(max_length=32, unique=True)),
                ("code_hash", models.BinaryField(max_length=32)),
                ("number_index", models.BinaryField(max_length=32)),
                ("number_hash", models.BinaryField(max_length=32)),
                ("key_id", models.CharField(max_length=32)),
                ("address_hash", models.BinaryField(max_length=32, null=True)),
                ("ends_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("used_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["number_index", "-created_at"], name="code_by_number"),
                    models.Index(fields=["address_hash", "-created_at"], name="code_by_address"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("tries__lte", 5)), name="code_five_tries"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_hash", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "code_hash", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                        ),
                        name="code_hashes_are_32_bytes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number_hash", models.BinaryField(max_length=32)),
                ("key_id", models.CharField(max_length=32)),
                ("consent_given_at", models.DateTimeField(verbose_name="consent given at")),
                ("evidence", models.CharField(max_length=200, verbose_name="evidence of the consent")),
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
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "approved")),
                        fields=["number_hash"],
                        name="lift_by_number",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("asked_by", models.F("decided_by")), _negated=True),
                        name="lift_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("evidence", ""), _negated=True), name="lift_has_evidence"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="lift_has_decider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent_given_at__lte", models.F("created_at"))),
                        name="lift_consent_is_not_ahead",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("consent_given_at__isnull", True),
                            models.Q(
                                (
                                    "consent_given_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "consent_given_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="lift_time_is_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_hash", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            )
                        ),
                        name="lift_hash_is_32_bytes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("word_hash", models.BinaryField(max_length=32, unique=True)),
                ("number_index", models.BinaryField(max_length=32)),
                ("number_hash", models.BinaryField(max_length=32)),
                ("key_id", models.CharField(max_length=32)),
                ("idempotency_key", models.CharField(max_length=80, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_hash", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_index",
                                    function="octet_length",
                                    output_field=models.IntegerField(),
                                ),
                                32,
                            ),
                        ),
                        name="link_hashes_are_32_bytes",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key__isnull", False)),
                        fields=("client", "idempotency_key"),
                        name="link_once_per_key",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="ListIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "origin",
                    models.CharField(
                        choices=[("list", "own list"), ("regulator", "list of a regulator")],
                        max_length=10,
                        verbose_name="origin",
                    ),
                ),
                ("evidence", models.CharField(max_length=80, verbose_name="name and date of the list")),
                ("file_name", models.CharField(max_length=200)),
                ("upload", apps.core.privacy.fields.FileNameField(blank=True, max_length=60)),
                ("counts", models.JSONField(default=dict)),
                ("done_rows", models.PositiveIntegerField(default=0)),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="list_in", to="jobs.job"
                    ),
                ),
                (
                    "started_by",
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
            name="ListRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("row", models.PositiveIntegerField(verbose_name="row")),
                (
                    "text",
                    apps.core.privacy.fields.ProtectedTextField(
                        kind="text", null=True, verbose_name="what stands there"
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why it names nobody")),
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
                    "taken",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unread",
                        to="optouts.listin",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("taken", "row"), name="list_row_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_at__isnull", True), ("decided_by__isnull", False), _connector="OR"
                        ),
                        name="list_row_has_decider",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="OptOut",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number_hash", models.BinaryField(max_length=32)),
                ("key_id", models.CharField(max_length=32)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("key", "key 9 in the call"),
                            ("sms", "answer to a message"),
                            ("web", "web link"),
                            ("agent", "told the agent"),
                            ("complaint", "complaint"),
                            ("list", "own list"),
                            ("regulator", "list of a regulator"),
                            ("api", "another system"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("everything", "everything"),
                            ("purpose", "one purpose"),
                            ("brand", "one brand"),
                        ],
                        db_default="everything",
                        default="everything",
                        max_length=10,
                    ),
                ),
                ("scope_value", models.CharField(blank=True, db_default="", max_length=80)),
                ("said_at", models.DateTimeField()),
                ("evidence", models.CharField(max_length=120)),
                ("contact_id", models.BigIntegerField(null=True)),
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
                    "moved_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="optouts.optout",
                    ),
                ),
                (
                    "recorded_by",
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
                        fields=("number_hash", "evidence"), name="opt_out_once_per_evidence"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("said_at__isnull", True),
                            models.Q(
                                (
                                    "said_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "said_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="opt_out_time_is_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_hash", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            )
                        ),
                        name="opt_out_hash_is_32_bytes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "everything"), ("scope_value", "")),
                            models.Q(
                                models.Q(("scope", "everything"), _negated=True),
                                models.Q(("scope_value", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="opt_out_says_its_scope",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("message_id", models.CharField(max_length=80, verbose_name="message")),
                ("sent_at", models.DateTimeField()),
                (
                    "text",
                    apps.core.privacy.fields.ProtectedTextField(
                        blank=True, kind="text", null=True, verbose_name="text"
                    ),
                ),
                (
                    "reading",
                    models.CharField(
                        choices=[
                            ("refusal", "refusal"),
                            ("near", "may be a refusal"),
                            ("other", "something else"),
                        ],
                        max_length=8,
                        verbose_name="read as",
                    ),
                ),
                ("judged_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.apiclient"
                    ),
                ),
                (
                    "judged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opt_out",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="optouts.optout",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("judged_at__isnull", True), ("reading", "near")),
                        fields=["created_at"],
                        name="message_to_judge",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("client", "message_id"), name="message_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at__isnull", True),
                            models.Q(
                                (
                                    "sent_at__gte",
                                    datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                ),
                                (
                                    "sent_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("1 day", output_field=models.DurationField()),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="message_time_is_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reading", "other"), ("opt_out__isnull", False), _connector="OR"),
                        name="refusing_message_is_on_the_register",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Dismissal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opt_out",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dismissal",
                        to="optouts.optout",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="dismissal_has_a_reason"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("refused", "refused"), ("lifted", "lifted"), ("dismissed", "dismissed")],
                        max_length=10,
                    ),
                ),
                ("position", models.BigIntegerField(null=True, unique=True)),
                (
                    "dismissal",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="optouts.dismissal",
                    ),
                ),
                (
                    "lift",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="optouts.lift",
                    ),
                ),
                (
                    "opt_out",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="optouts.optout",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("position__isnull", True)),
                        fields=["id"],
                        name="change_without_position",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Scrub",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("file_name", models.CharField(max_length=200)),
                ("purpose", models.CharField(max_length=150, verbose_name="what it is needed for")),
                ("upload", apps.core.privacy.fields.FileNameField(blank=True, max_length=60)),
                ("result", apps.core.privacy.fields.FileNameField(blank=True, max_length=60)),
                ("rows", models.PositiveIntegerField()),
                ("opted_out", models.PositiveIntegerField(null=True)),
                ("without_number", models.PositiveIntegerField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
                ("idempotency_key", models.CharField(max_length=80, null=True)),
                ("request_digest", models.BinaryField(max_length=32, null=True)),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apiclient",
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scrub", to="jobs.job"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("rows__gte", 100)), name="scrub_is_no_lookup"),
                    models.UniqueConstraint(
                        condition=models.Q(("idempotency_key__isnull", False)),
                        fields=("client", "idempotency_key"),
                        name="scrub_once_per_key",
                    ),
                ]
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lift",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="9b4027d3d8fbc0103a331e54d93a121ae021e8f4",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_a9aca",
                    table="optouts_lift",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lift",
            trigger=pgtrigger.compiler.Trigger(
                name="words_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" = \'open\') OR OLD."number_hash" IS DISTINCT FROM (NEW."number_hash") OR OLD."consent_given_at" IS DISTINCT FROM (NEW."consent_given_at") OR OLD."evidence" IS DISTINCT FROM (NEW."evidence") OR OLD."asked_by_id" IS DISTINCT FROM (NEW."asked_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e997e102fd2945567e38d248838f06499b4a0b4d",
                    operation="UPDATE",
                    pgid="pgtrigger_words_stay_708bb",
                    table="optouts_lift",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lift",
            trigger=pgtrigger.compiler.Trigger(
                name="told",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="insert into optouts_change (created_at, kind, lift_id) select now(), 'lifted', id from fresh where state = 'approved' order by id; return null;",
                    hash="114feb72e951ca434631f3fc5652a6f4e30a70e2",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_told_76c18",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="optouts_lift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="optout",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9ada3441e66638afd09ab3bc82a19ef88f2687ae",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6228a",
                    table="optouts_optout",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="optout",
            trigger=pgtrigger.compiler.Trigger(
                name="told",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="insert into optouts_change (created_at, kind, opt_out_id) select now(), 'refused', id from fresh where true order by id; return null;",
                    hash="d0cc8f2148c492b490c9fc8be560b0097be00a05",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_told_a3f77",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="optouts_optout",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e593d192b47834d0504bdc89a7759e4ed738ce1b",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_bfb72",
                    table="optouts_message",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dismissal",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a2d9034aed091cf2ef15d9de1755de48d6290d23",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8fbdd",
                    table="optouts_dismissal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dismissal",
            trigger=pgtrigger.compiler.Trigger(
                name="only_of_a_near_miss",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                if not exists (select from optouts_message where opt_out_id = new.opt_out_id and reading = 'near') then\n                    raise exception 'only what was read as a near miss is dismissed (R15)' using errcode = 'check_violation';\n                end if;\n                return new;",
                    hash="7b17a2fa1b0e60aae9a169bbcc3148c4d3e6d1ef",
                    operation="INSERT",
                    pgid="pgtrigger_only_of_a_near_miss_21ef6",
                    table="optouts_dismissal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dismissal",
            trigger=pgtrigger.compiler.Trigger(
                name="told",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="insert into optouts_change (created_at, kind, dismissal_id) select now(), 'dismissed', id from fresh where true order by id; return null;",
                    hash="a41b6217cac3dc6fd751eaab5b1d65045307adb4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_told_6f797",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="optouts_dismissal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="change",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="cfa445800d561761d2b59101678aa43037acbba6",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_1cf03",
                    table="optouts_change",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="change",
            trigger=pgtrigger.compiler.Trigger(
                name="position_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."position" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4b9434ecace38c020376de589796d572949aa3fe",
                    operation="UPDATE",
                    pgid="pgtrigger_position_stays_acae5",
                    table="optouts_change",
                    when="BEFORE",
                ),
            ),
        ),
    ]
