"""The packs of the trades that come with Hegui, the measures' limits, and the first token."""

from datetime import UTC, datetime

from django.db import migrations

SINCE = datetime(2021, 11, 1, tzinfo=UTC)
PACKS = (
    {"trade": "general", "name": "general"},
    {"trade": "retail", "name": "retail"},
    {"trade": "finance", "name": "finance", "basis": "《证券期货投资者适当性管理办法》"},
    {"trade": "education", "name": "education", "basis": "《个人信息保护法》第31条"},
    {"trade": "medical", "name": "medical", "needs_qualification": True, "basis": "《广告法》"},
)


def write_norm(apps, schema_editor):
    apps.get_model("policies", "TermsToken").objects.update_or_create(pk=1, defaults={"token": 0})
    for number, pack in enumerate(PACKS, 1):
        apps.get_model("policies", "TradePack").objects.create(number=number, in_force_from=SINCE, **pack)
    apps.get_model("policies", "MeasuresPolicy").objects.create(number=1, in_force_from=SINCE)


class Migration(migrations.Migration):
    dependencies = [("policies", "0003_versions_and_drafts")]
    operations = [migrations.RunPython(write_norm, migrations.RunPython.noop)]
