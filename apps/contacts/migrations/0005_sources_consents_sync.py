import django.contrib.postgres.indexes
import apps.core.privacy.fields
import django.db.models.deletion
import django.db.models.lookups
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


# What was written on sources, consents and contacts becomes rows of its own.
FILL = """
insert into contacts_wording (created_at, source_id, version, text, recorded_by_id, approved_by_id, approved_at)
select created_at, id, wording_version, coalesce(nullif(consent_wording, ''), '-'), recorded_by_id, approved_by_id, approved_at
from contacts_datasource;
insert into contacts_wording (created_at, source_id, version, text, recorded_by_id, approved_by_id, approved_at)
select distinct on (contact.source_id, consent.wording_version)
       source.created_at, contact.source_id, consent.wording_version, '-', source.recorded_by_id, source.approved_by_id, source.approved_at
from contacts_consent consent
join contacts_contact contact on contact.id = consent.contact_id
join contacts_datasource source on source.id = contact.source_id
on conflict (source_id, version) do nothing;
update contacts_consent consent set wording_id = wording.id
from contacts_contact contact, contacts_wording wording
where contact.id = consent.contact_id and wording.source_id = contact.source_id and wording.version = consent.wording_version;
update contacts_contactimport set state = 'done' where job_id in (select id from jobs_job where state = 'done');
insert into contacts_minorflag (created_at, contact_id, reason, set_by_id, evidence, evidence_file)
select contact.created_at, contact.id, coalesce(nullif(minor_reason, ''), '-'), source.recorded_by_id, '', ''
from contacts_contact contact join contacts_datasource source on source.id = contact.source_id where is_minor;
set constraints all immediate;
"""
EMPTY = """
update contacts_datasource source set consent_wording = wording.text, wording_version = wording.version
from (select distinct on (source_id) * from contacts_wording order by source_id, id desc) wording where wording.source_id = source.id;
update contacts_consent consent set wording_version = wording.version from contacts_wording wording where wording.id = consent.wording_id;
update contacts_contact contact set minor_reason = flag.reason from contacts_minorflag flag where flag.contact_id = contact.id;
update contacts_contactimport set state = 'confirmed', digest = null where state = 'done';
set constraints all immediate;
"""
DROP = """
alter table contacts_consent drop column wording_version;
alter table contacts_contact drop column minor_reason;
alter table contacts_datasource drop column consent_wording, drop column wording_version;
"""
PUT_BACK = """
alter table contacts_consent add column wording_version varchar(20) not null default '1';
alter table contacts_contact add column minor_reason varchar(200) not null default '';
alter table contacts_datasource add column consent_wording text not null default '', add column wording_version varchar(20) not null default '1';
"""


def fill(apps, schema_editor):
    schema_editor.execute(FILL)


def empty(apps, schema_editor):
    schema_editor.execute(EMPTY)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_recordings_and_complaints"),
        ("accounts", "__first__"),
        ("contacts", "0004_files_are_named"),
        ("jobs", "0002_files_to_delete"),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("heading", models.JSONField()),
                ("mapping", models.JSONField()),
                ("saved_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "source",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="mappings", to="contacts.datasource"),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("source", "heading"), name="one_mapping_a_heading")]},
        ),
        migrations.CreateModel(
            name="ExternalRef",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("external_id", models.CharField(max_length=64)),
                ("client", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.apiclient")),
                (
                    "contact",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="external_refs", to="contacts.contact"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("client", "external_id"), name="external_id_once_a_client"),
                    models.UniqueConstraint(fields=("client", "contact"), name="contact_once_a_client"),
                    models.CheckConstraint(condition=models.Q(("external_id", ""), _negated=True), name="external_id_is_not_empty"),
                ]
            },
        ),
        migrations.CreateModel(
            name="MinorFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("lifted_at", models.DateTimeField(null=True)),
                ("evidence", models.CharField(blank=True, max_length=200, verbose_name="evidence")),
                ("evidence_file", apps.core.privacy.fields.FileNameField(blank=True, editable=False, max_length=80)),
                (
                    "client",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.apiclient"),
                ),
                (
                    "contact",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="minor_flags", to="contacts.contact"),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("lifted_at__isnull", True)), fields=("contact",), name="one_minor_flag_up"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at__isnull", True),
                            models.Q(("lifted_by__isnull", False), models.Q(("evidence", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="minor_flag_lifted_with_evidence",
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="minor_flag_has_a_reason"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Wording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.CharField(max_length=20, verbose_name="version")),
                ("text", models.TextField(verbose_name="wording")),
                ("approved_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "source",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="wordings", to="contacts.datasource"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "version"), name="wording_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("recorded_by")), _negated=True), name="wording_four_eyes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("text", ""), _negated=True), models.Q(("version", ""), _negated=True)),
                        name="wording_says_something",
                    ),
                ]
            },
        ),
        migrations.RemoveConstraint(model_name="consent", name="consent_once"),
        migrations.AddField(
            model_name="consent",
            name="client",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.apiclient",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="evidence_file",
            field=apps.core.privacy.fields.FileNameField(blank=True, editable=False, max_length=80),
        ),
        migrations.AddField(model_name="consent", name="evidence_sha256", field=models.BinaryField(max_length=32, null=True)),
        migrations.AddField(
            model_name="consent", name="recipient", field=models.CharField(blank=True, max_length=120, verbose_name="third party")
        ),
        migrations.AddField(
            model_name="consent", name="withdrawal", field=models.CharField(blank=True, max_length=200, verbose_name="how it was withdrawn")
        ),
        migrations.AddField(model_name="contactimport", name="digest", field=models.BinaryField(max_length=32, null=True)),
        migrations.AddField(model_name="contactimport", name="layout", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="datasource",
            name="agreement_file",
            field=apps.core.privacy.fields.FileNameField(blank=True, editable=False, max_length=80),
        ),
        migrations.AddField(model_name="datasource", name="agreement_sha256", field=models.BinaryField(max_length=32, null=True)),
        migrations.AddField(
            model_name="datasource",
            name="reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="why it was refused or withdrawn"),
        ),
        migrations.AddField(
            model_name="datasource", name="valid_from", field=models.DateField(blank=True, null=True, verbose_name="valid from")
        ),
        migrations.AddField(
            model_name="datasource",
            name="valid_until",
            field=models.DateField(blank=True, help_text="the last day; empty: without an end", null=True, verbose_name="valid until"),
        ),
        migrations.AddField(model_name="datasource", name="withdrawn_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            model_name="datasource",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="withdrawn by",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="channel",
            field=models.CharField(
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
        migrations.AlterField(model_name="consent", name="evidence", field=models.CharField(max_length=200, verbose_name="evidence")),
        migrations.AlterField(model_name="consent", name="expires_at", field=models.DateTimeField(verbose_name="holds until")),
        migrations.AlterField(model_name="consent", name="given_at", field=models.DateTimeField(verbose_name="given at")),
        migrations.AlterField(
            model_name="consent",
            name="purpose",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.purpose",
                verbose_name="purpose",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="recorded_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="contactimport",
            name="state",
            field=models.CharField(
                choices=[("preview", "to be confirmed"), ("confirmed", "confirmed"), ("done", "done")], default="preview", max_length=10
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(condition=models.Q(("erasing_at__isnull", False)), fields=["erasing_at"], name="contact_being_erased"),
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
        migrations.AddConstraint(
            model_name="contactimport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "confirmed")), fields=("digest",), name="one_running_import_of_a_file"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("digest__isnull", True),
                    django.db.models.lookups.Exact(models.Func("digest", function="octet_length", output_field=models.IntegerField()), 32),
                    _connector="OR",
                ),
                name="import_digest_is_32_bytes",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_until__isnull", True),
                    ("valid_until__gte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="source_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasource",
            constraint=models.CheckConstraint(
                condition=models.Q(("consent_days__gte", 1), ("consent_days__lte", 3650)), name="consent_days_are_bounded"
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="wording",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.wording",
                verbose_name="wording",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(fields=("contact", "purpose", "recipient", "given_at"), name="consent_once"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("recorded_by__isnull", True), ("client__isnull", True), _connector="XOR"),
                name="consent_recorded_by_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(condition=models.Q(("evidence", ""), _negated=True), name="consent_has_evidence"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn_at__isnull", True), models.Q(("withdrawal", ""), _negated=True), _connector="OR"),
                name="withdrawal_says_how",
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
        migrations.AlterField(
            model_name="contact",
            name="source",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="contacts",
                to="contacts.datasource",
                verbose_name="data source",
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
        migrations.AlterField(
            model_name="consent",
            name="contact",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="consents", to="contacts.contact"
            ),
        ),
        migrations.AddIndex(model_name="contact", index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="contact_by_tag")),
        migrations.RunPython(fill, empty),
        migrations.AlterField(
            model_name="consent",
            name="wording",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.wording",
                verbose_name="wording",
            ),
        ),
        migrations.RunSQL(
            DROP,
            PUT_BACK,
            state_operations=[
                migrations.RemoveField("consent", "wording_version"),
                migrations.RemoveField("contact", "minor_reason"),
                migrations.RemoveField("datasource", "consent_wording"),
                migrations.RemoveField("datasource", "wording_version"),
            ],
        ),
    ]
