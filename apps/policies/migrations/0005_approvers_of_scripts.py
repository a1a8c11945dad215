"""How many people approve a marketing script, by trade: two for finance, education and medical trades (R28)."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

TWO = ["finance", "education", "medical"]
packs = import_module("apps.policies.migrations.0004_norm_of_trades")


def write_norm(apps, schema_editor):
    """The rows of the norm as they are with this migration, for a database that has none."""
    apps.get_model("policies", "TermsToken").objects.update_or_create(pk=1, defaults={"token": 0})
    for number, pack in enumerate(packs.PACKS, 1):
        approvers = 2 if pack["trade"] in TWO else 1
        apps.get_model("policies", "TradePack").objects.create(number=number, in_force_from=packs.SINCE, script_approvers=approvers, **pack)
    apps.get_model("policies", "MeasuresPolicy").objects.create(number=1, in_force_from=packs.SINCE)


class Migration(migrations.Migration):
    dependencies = [("policies", "0004_norm_of_trades")]

    operations = [
        migrations.AddField(
            model_name="tradepack",
            name="script_approvers",
            field=models.PositiveSmallIntegerField(default=1, verbose_name="people who approve a marketing script"),
        ),
        # Versions are frozen by trigger; the new column is filled once, here.
        migrations.RunSQL(
            "alter table policies_tradepack disable trigger user;"
            " update policies_tradepack set script_approvers = 2 where trade in ('finance', 'education', 'medical');"
            " alter table policies_tradepack enable trigger user;",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="tradepack",
            constraint=models.CheckConstraint(
                condition=Q(script_approvers__range=(1, 3)) & (~Q(trade__in=TWO) | Q(script_approvers__gte=2)),
                name="trade_pack_has_approvers",
                violation_error_message="From 1 to 3 people approve a script; marketing of finance, education and medical trades needs two at least (R28).",
            ),
        ),
    ]
