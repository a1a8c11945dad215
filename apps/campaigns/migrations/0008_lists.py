"""A campaign has its list by a key. Lists that were named by the campaign's code get theirs."""

import django.db.models.deletion
from django.db import migrations, models


def give_lists(apps, schema_editor):
    campaigns, lists = apps.get_model("campaigns", "Campaign"), apps.get_model("contacts", "ContactList")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select distinct list_code from contacts_contactimport where list_code <> ''")
        codes = [code for (code,) in cursor.fetchall()]
        for campaign in campaigns.objects.filter(code__in=codes):
            made = lists.objects.create()
            campaigns.objects.filter(pk=campaign.pk).update(contact_list=made)
            cursor.execute(
                "update contacts_contactimport set contact_list_id = %s where list_code = %s",
                [made.pk, campaign.code],
            )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_sentences_of_constraints"), ("contacts", "0010_lists")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="contact_list",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaign",
                to="contacts.contactlist",
                verbose_name="list of contacts",
            ),
        ),
        migrations.RunPython(give_lists, migrations.RunPython.noop),
    ]
