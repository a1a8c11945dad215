"""Numbers that were stored in another form than E.164 become themselves again (`retention.numbers`)."""

from typing import Any

from django.db import migrations

from apps.retention.numbers import repair_numbers


def repair(apps: Any, schema_editor: Any) -> None:
    repair_numbers()


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0005_index_turn"),
        ("contacts", "0006_field_names"),
        ("calls", "0005_spoofing_outlives_its_decision"),
        ("optouts", "0004_files_are_named"),
        ("quality", "0001_tables"),
        ("rights", "0001_tables"),
    ]
    operations = [migrations.RunPython(repair, migrations.RunPython.noop)]
