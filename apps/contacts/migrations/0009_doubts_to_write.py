"""The doubts that are not in the ledger yet are found at once."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("contacts", "0008_doubts_in_ledger")]

    operations = [
        AddIndexConcurrently(
            model_name="numberdoubt",
            index=models.Index(
                condition=models.Q(("in_ledger", False)), fields=["id"], name="doubt_not_in_ledger"
            ),
        )
    ]
