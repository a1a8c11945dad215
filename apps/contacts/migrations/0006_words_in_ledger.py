"""What people said of their consents and age is written into the ledger outside the database."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_former_words")]

    operations = [
        migrations.AddField(
            model_name="formerword",
            name="in_ledger",
            field=models.BooleanField(db_default=False, default=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="formerword",
            trigger=pgtrigger.compiler.Trigger(
                name="moved_on",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (new.at <> old.at or new.number_index <> old.number_index)",
                    func="new.in_ledger := false; return new;",
                    hash="fdd9097352c0d8f2561497e9dfc0efa8a0a1831f",
                    operation="UPDATE",
                    pgid="pgtrigger_moved_on_80579",
                    table="contacts_formerword",
                    when="BEFORE",
                ),
            ),
        ),
    ]
