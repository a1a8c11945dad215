"""Numbers in doubt are written into the ledger outside the database."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_words_to_write")]

    operations = [
        migrations.AddField(
            model_name="numberdoubt",
            name="in_ledger",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="numberdoubt",
            trigger=pgtrigger.compiler.Trigger(
                name="moved_on",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (new.state <> old.state or new.number_index <> old.number_index)",
                    func="new.in_ledger := false; return new;",
                    hash="3171a25fd14d4bf0d6ac4d22bfc9e355c88da9fc",
                    operation="UPDATE",
                    pgid="pgtrigger_moved_on_f2b93",
                    table="contacts_numberdoubt",
                    when="BEFORE",
                ),
            ),
        ),
    ]
