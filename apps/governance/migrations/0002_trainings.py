import apps.core.privacy.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "__first__"), ("governance", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="Training",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("title", models.CharField(max_length=160, verbose_name="what it was about")),
                ("held_on", models.DateField(verbose_name="held on")),
                (
                    "file",
                    apps.core.privacy.fields.FileNameField(
                        max_length=80, verbose_name="list of participants or certificate"
                    ),
                ),
                ("file_sha256", models.BinaryField(max_length=32)),
                (
                    "people",
                    models.ManyToManyField(
                        related_name="trainings", to=settings.AUTH_USER_MODEL, verbose_name="who took part"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "ordering": ["-held_on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title", ""), _negated=True), models.Q(("file", ""), _negated=True)
                        ),
                        name="training_is_proved",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="training",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="9b16746f09a38f232f50df55a98493e97c34b101",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_145ca",
                    table="governance_training",
                    when="BEFORE",
                ),
            ),
        ),
    ]
