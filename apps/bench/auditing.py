"""`permission_audit`: an audit of ten thousand people and two hundred thousand rights, against a minute.

Not a rate but a promise: the whole audit within 60 seconds and 500 MB. It is measured as audits an
hour, against the 60 that a minute each would allow.
"""

import time
from datetime import timedelta

from django.db import connection

from apps.access import services
from apps.accounts.models import Department, User
from apps.core.calendar import clock

from .measure import Comparison, Scale, in_process, peak_megabytes
from .world import smallest_world

PEOPLE, CAMPAIGNS, GRANTS = 10_000, 1_000, 200_000
ROUNDS = 3
ALLOWED_SECONDS = 60

_CAMPAIGNS = """
insert into campaigns_campaign
    (created_at, code, name, kind, trade, product_risk, purpose_id, lawful_basis, starts_on, ends_on,
        checklist, state, paused_because,
     qualification, brand, created_by_id)
select now(), 'bench-' || n, 'bench-' || n, kind, trade, '', purpose_id, 'x', starts_on, ends_on, '{}',
    'draft', '', '', '', created_by_id
from campaigns_campaign, generate_series(1, %s) n where code = 'bench'
"""
# Spread over all people and campaigns; one right in fifty is one that the role may not have.
_GRANTS = """
insert into campaigns_campaignuserpermission (user_id, content_object_id, permission_id)
select person.id, campaign.id, p.id
from generate_series(1, %(grants)s) n
join (select id, role, row_number() over (order by id) - 1 as place
    from accounts_user) person on person.place = n %% %(people)s
join (select id, row_number() over (order by id) - 1 as place from campaigns_campaign) campaign
    on campaign.place = (n / %(people)s * 7 + n) %% %(campaigns)s
join auth_permission p on p.codename = case when n %% 50 = 0 then 'review' when person.role = 'supervisor'
    then 'supervise' else 'work' end
join django_content_type t on t.id = p.content_type_id and t.model = 'campaign'
on conflict do nothing
"""


def bench_permission_audit(scale: Scale) -> list[Comparison]:
    rights = _seed(scale)
    spent, peaks, found = [], [], 0
    for _round in range(ROUNDS):
        seconds, peak, found = in_process(_audit)
        spent.append(3600 / seconds)
        peaks.append(peak)
    notes = {
        "people": scale.of(PEOPLE),
        "rights": rights,
        "found": found,
        "peak_mb": round(max(peaks)),
        "goal_peak_mb": 500,
    }
    return [Comparison("permission_audit", "audits/h", spent, [3600 / ALLOWED_SECONDS], 1.0, notes)]


def _seed(scale: Scale) -> int:
    smallest_world(code="bench")
    now = clock.now()
    departments = Department.objects.bulk_create(Department(name=f"部门{number}") for number in range(20))
    people = scale.of(PEOPLE)
    User.objects.bulk_create(
        User(
            username=f"person{number}",
            display_name=f"person{number}",
            role="supervisor" if number % 20 == 0 else "admin" if number % 1000 == 1 else "agent",
            department=departments[number % 20],
            is_active=number % 40 != 7,
            last_login=now - timedelta(days=number % 120),
        )
        for number in range(people)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into accounts_user_groups (user_id, group_id)"
            " select u.id, g.id from accounts_user u join auth_group g on g.name = u.role on conflict do "
            "nothing"
        )
        cursor.execute(_CAMPAIGNS, [scale.of(CAMPAIGNS)])
        cursor.execute(
            _GRANTS, {"grants": scale.of(GRANTS), "people": people, "campaigns": scale.of(CAMPAIGNS)}
        )
        rights: int = cursor.rowcount
        cursor.execute("vacuum analyze")
    return rights


def _audit() -> tuple[float, float, int]:
    started = time.perf_counter()
    audit = services.audit_permissions()
    return time.perf_counter() - started, peak_megabytes(), sum(audit.counts.values())
