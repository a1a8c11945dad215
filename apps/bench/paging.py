"""`pages`: the list of contacts, its filters, its searches and its deep pages, as each role, with a million
contacts.

Each page is asked through the whole stack but the socket (middleware, session, trail, templates). Two lines
for each: how slow the slowest twentieth is, against 200 ms; and the median beside that of the same page over
ten thousand contacts. Queries are counted.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.campaigns import services as campaigns
from apps.campaigns.services import contact_list_of
from apps.console import static_files
from apps.contacts import services as contacts
from apps.contacts.models import Contact

from .importing import HEADING
from .measure import Comparison, Scale
from .world import SmallestWorld, smallest_world

FEW, MANY = 10_000, 1_000_000
ASKED = 40
SLOW_MS, GROWTH, MOST_QUERIES = 200, 1.5, 12
LAST_FOURS = 200
RARE = "罕见标签"
Page = Callable[[Client], Any]


def bench_pages(scale: Scale) -> list[Comparison]:
    static_files.collect()  # every page names them
    few, many = FEW, max(2 * FEW, scale.of(MANY))
    world = smallest_world(code="bench")
    people = {Role.SUPERVISOR: world.supervisor, Role.COMPLIANCE: world.compliance, Role.AGENT: _agent(world)}
    _import(world, range(few))
    before = {role: _measured(person) for role, person in people.items()}
    _import(world, range(few, many))
    lines = []
    for role, person in people.items():
        for name, (spent, queries) in _measured(person).items():
            slow = statistics.quantiles(spent, n=20)[-1]
            small = statistics.median(before[role][name][0])
            payload = {"p95_ms": round(slow, 1), "queries": queries, "goal_queries": MOST_QUERIES}
            within = 1.0 if queries <= MOST_QUERIES else 0.0  # a page that asks more is none
            lines.append(
                Comparison(
                    f"{name}, {role}", "pages/s", [within * 1000 / slow], [1000 / SLOW_MS], 1.0, payload
                )
            )
            lines.append(
                Comparison(
                    f"{name}, {role}, growth",
                    "pages/s",
                    [1000 / statistics.median(spent)],
                    [1000 / small],
                    1 / GROWTH,
                )
            )
    return lines


def _agent(world: SmallestWorld) -> User:
    agent = User.objects.create(
        username="bench-agent", display_name="agent", role=Role.AGENT, department=world.supervisor.department
    )
    campaigns.assign_agent(actor=world.supervisor, campaign=world.campaign, agent=agent)
    return agent


def _import(world: SmallestWorld, numbers: range) -> None:
    """Two hundred last fours; the first sixty contacts have a rare tag. So every page is full with ten
    thousand contacts already."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.csv"
        with path.open("w") as file:
            file.write(HEADING)
            file.writelines(
                f"{_number(each)},王小明,{RARE if each < 60 else '老客户'},网页勾选,2026-07-16 10:00\n"
                for each in numbers
            )
        with path.open("rb") as file:
            contacts.import_now(
                actor=world.supervisor,
                source=world.source,
                file_name="bench.csv",
                file=file,
                contact_list=contact_list_of(world.campaign),
            )
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _number(each: int) -> str:
    return f"199{each // LAST_FOURS:04}{each % LAST_FOURS:04}"


def _measured(person: User) -> dict[str, tuple[list[float], int]]:
    """Milliseconds of each page, and how many queries it asks."""
    client = Client(headers={"host": settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")})
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["second_factor"] = True
    session.save()
    payload = {}
    for name, page in _pages().items():
        page(client)
        counted = _Counted()
        with connection.execute_wrapper(counted):
            page(client)
        payload[name] = ([_timed(client, page) for _time in range(ASKED)], counted.queries)
    return payload


class _Counted:
    """Counts the queries of a page."""

    queries = 0

    def __call__(self, run: Callable[..., Any], *args: Any) -> Any:
        self.queries += 1
        return run(*args)


def _timed(client: Client, page: Page) -> float:
    started = time.perf_counter()
    answer = page(client)
    spent = (time.perf_counter() - started) * 1000
    if answer.status_code not in {200, 302}:
        raise RuntimeError(f"A page of the benchmark answered {answer.status_code}.")
    return spent


def _pages() -> dict[str, Page]:
    chance = random.Random(7)  # noqa: S311  (which pages, not secrets)
    first, count = Contact.objects.order_by("pk").values_list("pk", flat=True)[0], Contact.objects.count()
    url, search = reverse("contacts"), reverse("contact_search")

    def get(query: str = "") -> Page:
        return lambda client: client.get(f"{url}{query}", secure=True)

    def find(number: Callable[[], str]) -> Page:
        return lambda client: client.post(search, {"number": number()}, secure=True)

    return {
        "list": get(),
        "filter by tag": get("?tag=老客户"),
        "filter by rare tag": get(f"?tag={RARE}"),
        "filter by consent": get("?consent=true"),
        "search by number": find(lambda: _number(chance.randrange(count))),
        "search by last four": find(lambda: f"{chance.randrange(LAST_FOURS):04}"),
        "oldest first, deep": lambda client: client.get(
            f"{url}?sort=created_at&after={first + count - chance.randrange(count // 2)}", secure=True
        ),
        "deep page": lambda client: client.get(
            f"{url}?after={first + chance.randrange(count // 2)}", secure=True
        ),
    }
