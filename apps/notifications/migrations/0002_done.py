"""What of the inbox is settled."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_tables")]

    operations = [
        migrations.AddField(model_name="notice", name="done_at", field=models.DateTimeField(null=True))
    ]
