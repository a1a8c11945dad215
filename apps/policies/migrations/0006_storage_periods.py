"""A storage period for each class of data instead of one row for two of them (R8)."""

from datetime import UTC, datetime

from django.db import migrations, models

SINCE = datetime(2021, 11, 1, tzinfo=UTC)
NORM = {
    "contact": 365, "uncalled": 365, "call": 365, "decision": 365, "import_file": 30, "list_file": 1, "code": 1, "webhook": 30,
    "notice": 180, "session": 1, "trail": 365,
}  # fmt: skip


def write_norm(apps, schema_editor):
    """A first version of each class, for a database that has none."""
    policies = apps.get_model("policies", "RetentionPolicy").objects
    number = max(policies.values_list("number", flat=True), default=0)
    for data_class, days in NORM.items():
        number += 1
        policies.create(number=number, in_force_from=SINCE, data_class=data_class, days=days)


def split(apps, schema_editor):
    """The rows so far held the days of contacts and of calls together: they stay as those of contacts, in their order,
    and those of calls are written after them; the classes that had none begin with the norm."""
    policies = apps.get_model("policies", "RetentionPolicy").objects
    rows = list(policies.order_by("number"))
    number = rows[-1].number if rows else 0
    fresh = [("call", row.call_days, row) for row in rows]
    fresh += [(data_class, days, None) for data_class, days in NORM.items() if data_class not in {"contact", "call"}]
    for data_class, days, row in fresh:
        number += 1
        about = {name: getattr(row, name) for name in ("in_force_from", "reason", "written_by_id", "approved_by_id")} if row else {}
        policies.create(**{"number": number, "in_force_from": SINCE, "data_class": data_class, "days": days, "call_days": 365, **about})


def join(apps, schema_editor):
    """The way back: contacts and calls in one row again, the periods of the other classes go."""
    policies = apps.get_model("policies", "RetentionPolicy").objects
    calls = policies.filter(data_class="call").order_by("number").last()
    schema_editor.execute("alter table policies_retentionpolicy disable trigger user")
    policies.exclude(data_class="contact").delete()
    policies.update(call_days=min(calls.days, 365) if calls else 365)
    schema_editor.execute("alter table policies_retentionpolicy enable trigger user")


CLASSES = [
    ("contact", "contacts"),
    ("uncalled", "contacts that were never called"),
    ("call", "calls, with their results and tickets"),
    ("decision", "decisions of the gate that led to no call"),
    ("import_file", "files and reports of imports"),
    ("list_file", "lists held against the register, and their results"),
    ("code", "one-time codes"),
    ("webhook", "messages to other systems"),
    ("notice", "lines of the inbox"),
    ("session", "sessions that are over"),
    ("trail", "the access log"),
]


class Migration(migrations.Migration):
    dependencies = [("policies", "0005_approvers_of_scripts")]

    operations = [
        migrations.RemoveConstraint(model_name="retentionpolicy", name="retention_policy_within_norm"),
        migrations.RenameField(model_name="retentionpolicy", old_name="contact_days", new_name="days"),
        migrations.AlterField(
            model_name="retentionpolicy",
            name="days",
            field=models.PositiveSmallIntegerField(default=365, verbose_name="days that it is kept"),
        ),
        migrations.AddField(
            model_name="retentionpolicy",
            name="data_class",
            field=models.CharField(choices=CLASSES, default="contact", max_length=12, verbose_name="class of data"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="retentionpolicy",
            name="action",
            field=models.CharField(
                choices=[("delete", "deleted"), ("anonymise", "anonymised: only counts stay")],
                default="delete",
                max_length=9,
                verbose_name="then it is",
            ),
        ),
        migrations.AddField(
            model_name="retentionpolicy",
            name="basis",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="regulation that asks for more than 365 days"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="retentionpolicy",
            name="basis_ends_on",
            field=models.DateField(blank=True, null=True, verbose_name="it asks so until"),
        ),
        migrations.RunPython(split, join),
    ]
