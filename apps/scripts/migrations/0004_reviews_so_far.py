"""Versions from before: what was approved is published, and its approval becomes an event."""

from django.db import migrations

FORWARDS = """
insert into scripts_reviewevent (created_at, version_id, kind, actor_id, note, packs)
select coalesce(approved_at, created_at), id, case state when 'returned' then 'changes_requested' else 'approved' end, reviewed_by_id,
       review_note, 'before rule packs had versions'
from scripts_scriptversion where reviewed_by_id is not null;
update scripts_scriptversion set
    submitted_at = case when state = 'draft' then null else created_at end,
    is_current = state = 'approved',
    state = case state when 'returned' then 'changes_requested' when 'approved' then 'published' else state end;
"""
BACKWARDS = """
update scripts_scriptversion version set
    reviewed_by_id = event.actor_id, review_note = event.note
from (select distinct on (version_id) version_id, actor_id, note from scripts_reviewevent
      where kind in ('approved', 'changes_requested') order by version_id, id desc) event
where event.version_id = version.id;
update scripts_scriptversion set
    state = case state when 'changes_requested' then 'returned' when 'published' then 'approved' when 'expired' then 'retired'
                       when 'approved' then 'retired' else state end;
delete from scripts_reviewevent;
"""


class Migration(migrations.Migration):
    dependencies = [("scripts", "0003_review")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
