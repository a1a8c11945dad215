"""The number by which an agent names themselves to clients."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_suspended_by")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="staff_number",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=12,
                validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9-]*\\Z")],
                verbose_name="staff number",
            ),
        )
    ]
