"""A withdrawal ends what was agreed to before it, also what is recorded later: by trigger, and for the rows that are there."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

EARLIER_ONES = """
update contacts_consent consent set withdrawn_at = later.withdrawn_at, withdrawal = later.withdrawal
from (
    select distinct on (earlier.id) earlier.id, known.withdrawn_at, known.withdrawal
    from contacts_consent known join contacts_consent earlier on earlier.contact_id = known.contact_id
        and earlier.purpose_id = known.purpose_id and earlier.recipient = known.recipient
    where known.withdrawn_at > earlier.given_at and known.withdrawal <> 'import taken back' and earlier.withdrawn_at is null
    order by earlier.id, known.withdrawn_at desc
) later
where consent.id = later.id
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_tables")]

    operations = [
        migrations.AddField(
            model_name="contactimport",
            name="withdrawn",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="consent",
            trigger=pgtrigger.compiler.Trigger(
                name="withdrawn_before",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        update contacts_consent consent set withdrawn_at = later.withdrawn_at, withdrawal = later.withdrawal\n        from (\n            select distinct on (added.id) added.id, known.withdrawn_at, known.withdrawal\n            from added join contacts_consent known on known.contact_id = added.contact_id and known.purpose_id = added.purpose_id\n                and known.recipient = added.recipient and known.id <> added.id\n            where added.withdrawn_at is null and known.withdrawn_at > added.given_at and known.withdrawal <> 'import taken back'\n            order by added.id, known.withdrawn_at desc\n        ) later\n        where consent.id = later.id;\n        return null;\n    ",
                    hash="b09ac0ab853ac58a5fe70c2f55d4219444cf7701",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_withdrawn_before_c2cab",
                    referencing="REFERENCING NEW TABLE AS added ",
                    table="contacts_consent",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(EARLIER_ONES, migrations.RunSQL.noop),
    ]
