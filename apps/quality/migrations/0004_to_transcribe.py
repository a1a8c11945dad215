"""When the speech-to-text adapter is to hear a recording."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quality", "0003_packs_hold")]

    operations = [
        migrations.AddField("recording", "transcribe_at", models.DateTimeField(null=True)),
        migrations.AddField("recording", "transcribe_tries", models.PositiveSmallIntegerField(db_default=0)),
        AddIndexConcurrently(
            "recording",
            models.Index(
                fields=["transcribe_at"],
                condition=Q(transcribe_at__isnull=False),
                name="recording_to_transcribe",
            ),
        ),
    ]
