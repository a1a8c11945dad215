"""What a person refused under a number before is on the register under the new one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optouts", "0002_by_time")]

    operations = [
        migrations.AlterField(
            model_name="optout",
            name="channel",
            field=models.CharField(
                choices=[
                    ("key", "key 9 in the call"),
                    ("sms", "answer to a message"),
                    ("web", "web link"),
                    ("agent", "told the agent"),
                    ("complaint", "complaint"),
                    ("list", "own list"),
                    ("regulator", "list of a regulator"),
                    ("api", "another system"),
                    ("former", "number before"),
                ],
                max_length=10,
            ),
        )
    ]
