"""A draft is changed by somebody, counted, and what was approved once keeps its kind (R18, R33)."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_tables"),
        ("campaigns", "0001_tables"),
        ("contacts", "0001_tables"),
        ("scripts", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name="campaign", name="approved_kind_and_trade_stay"),
        migrations.AddField(
            model_name="campaign",
            name="changed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="last changed by",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="revision",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="revision"
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="was_approved",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="approved once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="campaign",
            trigger=pgtrigger.compiler.Trigger(
                name="approved_kind_and_trade_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN ((NOT (OLD."state" IN (\'draft\', \'submitted\')) OR OLD."was_approved") AND (OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."trade" IS DISTINCT FROM (NEW."trade") OR OLD."purpose_id" IS DISTINCT FROM (NEW."purpose_id")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2e10251d6bfd74c0f431f28a84940a83f51da55d",
                    operation="UPDATE",
                    pgid="pgtrigger_approved_kind_and_trade_stay_3e3b6",
                    table="campaigns_campaign",
                    when="BEFORE",
                ),
            ),
        ),
        AddConstraintNotValid(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_by", models.F("changed_by")), _negated=True),
                name="campaign_changed_by_another",
            ),
        ),
    ]
