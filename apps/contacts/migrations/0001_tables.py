import apps.core.privacy.fields
import datetime
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
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
            name="Purpose",
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
        ),
        migrations.CreateModel(
            name="DataSource",
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
                    "origin",
                    models.CharField(
                        choices=[
                            ("own", "own clients"),
                            ("web", "own web form"),
                            ("partner", "partner under agreement"),
                            ("purchased", "purchased"),
                            ("shared", "shared without agreement"),
                        ],
                        max_length=10,
                        verbose_name="origin",
                    ),
                ),
                ("lawful_basis", models.CharField(max_length=200, verbose_name="lawful basis")),
                ("supplier", models.CharField(blank=True, max_length=120, verbose_name="supplier")),
                ("agreement", models.CharField(blank=True, max_length=200, verbose_name="agreement")),
                (
                    "agreement_file",
                    apps.core.privacy.fields.FileNameField(
                        blank=True, editable=False, max_length=80, verbose_name="signed agreement"
                    ),
                ),
                ("agreement_sha256", models.BinaryField(max_length=32, null=True)),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                (
                    "valid_until",
                    models.DateField(
                        blank=True,
                        help_text="the last day; empty: without an end",
                        null=True,
                        verbose_name="valid until",
                    ),
                ),
                (
                    "consent_days",
                    models.PositiveSmallIntegerField(default=365, verbose_name="consent holds for days"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "awaiting approval"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
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
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approved on")),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="withdrawn by",
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn on")),
                (
                    "reason",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="why it was refused or withdrawn"
                    ),
                ),
                (
                    "purposes",
                    models.ManyToManyField(
                        related_name="sources", to="contacts.purpose", verbose_name="purposes"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin__in", ["purchased", "shared"]), ("state", "approved"), _negated=True
                        ),
                        name="bought_data_is_never_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            ("approved_by__isnull", False),
                            _connector="OR",
                        ),
                        name="source_approval_has_approver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("recorded_by")), _negated=True),
                        name="source_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_until__isnull", True),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="source_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent_days__gte", 1), ("consent_days__lte", 3650)),
                        name="consent_days_are_bounded",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("phone", apps.core.privacy.fields.ProtectedCharField(kind="phone", verbose_name="phone")),
                (
                    "name",
                    apps.core.privacy.fields.ProtectedCharField(
                        blank=True, kind="name", null=True, verbose_name="full name"
                    ),
                ),
                (
                    "note",
                    apps.core.privacy.fields.ProtectedTextField(
                        blank=True, kind="text", null=True, verbose_name="note"
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="tags",
                    ),
                ),
                ("number_index", models.BinaryField(max_length=32, unique=True)),
                ("last4_index", models.BinaryField(db_index=True, max_length=32)),
                (
                    "zones",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        size=None,
                        verbose_name="time zones",
                    ),
                ),
                ("is_minor", models.BooleanField(default=False, verbose_name="minor")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="deleted after")),
                (
                    "erasing_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="erasure began"),
                ),
                (
                    "blocked_until",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="record of a call kept until"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="contacts.datasource",
                        verbose_name="data source",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("erasing_at__isnull", False)),
                        fields=["erasing_at"],
                        name="contact_being_erased",
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="contact_by_tag"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_index",
                                    function="octet_length",
                                    output_field=models.IntegerField(),
                                ),
                                32,
                            )
                        ),
                        name="number_index_is_32_bytes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("created_at"),
                                    "+",
                                    models.Value("366 days", output_field=models.DurationField()),
                                ),
                            )
                        ),
                        name="contact_kept_one_year_at_most",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("blocked_until__isnull", True),
                            models.Q(
                                ("erasing_at__isnull", False),
                                ("is_minor", False),
                                ("name__isnull", True),
                                ("note__isnull", True),
                                ("tags", []),
                            ),
                            _connector="OR",
                        ),
                        name="blocked_contact_is_a_number",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ColumnMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("heading", models.JSONField()),
                ("mapping", models.JSONField()),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mappings",
                        to="contacts.datasource",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "heading"), name="one_mapping_a_heading")
                ]
            },
        ),
        migrations.CreateModel(
            name="ExternalRef",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("external_id", models.CharField(max_length=64)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.apiclient"
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="external_refs",
                        to="contacts.contact",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "external_id"), name="external_id_once_a_client"
                    ),
                    models.UniqueConstraint(fields=("client", "contact"), name="contact_once_a_client"),
                    models.CheckConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        name="external_id_is_not_empty",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="MinorFlag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("lifted_at", models.DateTimeField(null=True)),
                ("evidence", models.CharField(blank=True, max_length=200, verbose_name="evidence")),
                (
                    "evidence_file",
                    apps.core.privacy.fields.FileNameField(blank=True, editable=False, max_length=80),
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
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="minor_flags",
                        to="contacts.contact",
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "set_by",
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
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("contact",),
                        name="one_minor_flag_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at__isnull", True),
                            models.Q(("lifted_by__isnull", False), models.Q(("evidence", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="minor_flag_lifted_with_evidence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="minor_flag_has_a_reason"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="NumberDoubt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number_index", models.BinaryField(max_length=32)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("call", "result of a call"),
                            ("message", "answer to a message"),
                            ("person", "recorded by hand"),
                        ],
                        max_length=8,
                        verbose_name="said in",
                    ),
                ),
                ("reference", models.CharField(max_length=120, verbose_name="what shows it")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "to be looked at"),
                            ("kept", "the consent is the client's: kept"),
                            ("ended", "the number changed hands: consents ended"),
                        ],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("evidence", models.CharField(blank=True, max_length=200, verbose_name="evidence")),
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
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="doubts",
                        to="contacts.contact",
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
                (
                    "raised_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="raised by",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="doubts",
                        to="contacts.datasource",
                        verbose_name="data source",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "kept"), _negated=True),
                        fields=["number_index"],
                        name="doubt_by_number",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "number_index",
                                    function="octet_length",
                                    output_field=models.IntegerField(),
                                ),
                                32,
                            )
                        ),
                        name="doubt_hash_is_32_bytes",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("number_index",),
                        name="one_open_doubt_a_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "open")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="doubt_is_decided_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "kept"), _negated=True),
                            models.Q(("evidence", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="kept_consent_has_evidence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.CharField(max_length=20, verbose_name="version")),
                ("text", models.TextField(verbose_name="wording")),
                ("approved_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wordings",
                        to="contacts.datasource",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "version"), name="wording_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("recorded_by")), _negated=True),
                        name="wording_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("version", ""), _negated=True)
                        ),
                        name="wording_says_something",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("recipient", models.CharField(blank=True, max_length=120, verbose_name="third party")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "ticked on a web form"),
                            ("voice", "confirmed by voice"),
                            ("paper", "on paper"),
                            ("crm", "recorded in a CRM"),
                        ],
                        max_length=6,
                        verbose_name="way",
                    ),
                ),
                ("given_at", models.DateTimeField(verbose_name="given at")),
                ("evidence", models.CharField(max_length=200, verbose_name="evidence")),
                (
                    "evidence_file",
                    apps.core.privacy.fields.FileNameField(blank=True, editable=False, max_length=80),
                ),
                ("evidence_sha256", models.BinaryField(max_length=32, null=True)),
                ("expires_at", models.DateTimeField(verbose_name="holds until")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "withdrawal",
                    models.CharField(blank=True, max_length=200, verbose_name="how it was withdrawn"),
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
                (
                    "recorded_by",
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
                    "contact",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="contacts.contact",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.purpose",
                        verbose_name="purpose",
                    ),
                ),
                (
                    "wording",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.wording",
                        verbose_name="wording",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("contact", "purpose", "recipient", "given_at"), name="consent_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("given_at"))),
                        name="consent_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("given_at__isnull", True),
                                models.Q(
                                    (
                                        "given_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "given_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("expires_at__isnull", True),
                                models.Q(
                                    (
                                        "expires_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "expires_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("withdrawn_at__isnull", True),
                                models.Q(
                                    (
                                        "withdrawn_at__gte",
                                        datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                    (
                                        "withdrawn_at__lt",
                                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc),
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="consent_times_are_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("recorded_by__isnull", True), ("client__isnull", True), _connector="XOR"
                        ),
                        name="consent_recorded_by_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("evidence", ""), _negated=True), name="consent_has_evidence"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at__isnull", True),
                            models.Q(("withdrawal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="withdrawal_says_how",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="ContactImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("list_code", models.CharField(blank=True, max_length=40)),
                ("file_name", models.CharField(max_length=200)),
                ("upload", apps.core.privacy.fields.FileNameField(max_length=80)),
                ("report", apps.core.privacy.fields.FileNameField(blank=True, max_length=80)),
                ("layout", models.JSONField(default=dict)),
                ("digest", models.BinaryField(max_length=32, null=True)),
                ("mapping", models.JSONField(default=dict)),
                ("counts", models.JSONField(default=dict)),
                ("consented", models.PositiveIntegerField(default=0)),
                ("stored_rows", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("preview", "to be confirmed"),
                            ("confirmed", "confirmed"),
                            ("done", "done"),
                            ("taken_back", "taken back"),
                        ],
                        default="preview",
                        max_length=10,
                    ),
                ),
                ("first_id", models.BigIntegerField(null=True)),
                ("last_id", models.BigIntegerField(null=True)),
                (
                    "corrected_rows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="contacts.contactimport",
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contact_import",
                        to="jobs.job",
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
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="contacts.datasource",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "confirmed")),
                        fields=("digest",),
                        name="one_running_import_of_a_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("digest__isnull", True),
                            django.db.models.lookups.Exact(
                                models.Func(
                                    "digest", function="octet_length", output_field=models.IntegerField()
                                ),
                                32,
                            ),
                            _connector="OR",
                        ),
                        name="import_digest_is_32_bytes",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="SourcePurpose",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("contacts.datasource_purposes",),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purpose",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f07c0881f61749274b6b4490b2da31630d1d025b",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_4f9b0",
                    table="contacts_purpose",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purpose",
            trigger=pgtrigger.compiler.Trigger(
                name="meaning_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."code" IS DISTINCT FROM (NEW."code"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="961ecac46d0633d0cda7c881759db8aab696ac9c",
                    operation="UPDATE",
                    pgid="pgtrigger_meaning_stays_aaff6",
                    table="contacts_purpose",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="datasource",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="62208d11fe79adf66de1b73183548414c3cc58b9",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_78308",
                    table="contacts_datasource",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="datasource",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="895fb53dd7fae05e51245938d275824ff6041637",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_5992e",
                    table="contacts_datasource",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="datasource",
            trigger=pgtrigger.compiler.Trigger(
                name="withdrawn_for_good",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"state\" IS DISTINCT FROM 'withdrawn' AND OLD.\"state\" = 'withdrawn')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6b215f9103c3923b7d0ba95e17f4b80c4e7c6f1e",
                    operation="UPDATE",
                    pgid="pgtrigger_withdrawn_for_good_16cdc",
                    table="contacts_datasource",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="wording",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="007251d877a97c59d512eb9270b991798866dde6",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_80d12",
                    table="contacts_wording",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="wording",
            trigger=pgtrigger.compiler.Trigger(
                name="words_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."text" IS DISTINCT FROM (NEW."text") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="db91284c366012dc5be5870b7c4df38afb2d5a21",
                    operation="UPDATE",
                    pgid="pgtrigger_words_stay_f4a6f",
                    table="contacts_wording",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcepurpose",
            trigger=pgtrigger.compiler.Trigger(
                name="renews_terms",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
                    hash="329813ed3735ce96f22aeae2ffffb0466e0cb688",
                    level="STATEMENT",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_renews_terms_88fe1",
                    table="contacts_datasource_purposes",
                    when="AFTER",
                ),
            ),
        ),
    ]
