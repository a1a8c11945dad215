"""Which notices a decision settles is asked by their code."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0002_done")]

    operations = [
        AddIndexConcurrently(
            "notice",
            models.Index(fields=["code"], condition=models.Q(done_at__isnull=True), name="notice_open"),
        )
    ]
