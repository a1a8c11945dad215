"""One process of a race: many threads ask the gate. Run by `test_races.py` on the test database.

Reads a JSON order from standard input, waits for the line `go`, prints what it was answered.
"""

import json
import os
import sys
import threading
from collections import Counter
from datetime import datetime


def main() -> None:
    order = json.loads(sys.stdin.readline())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    from django.conf import settings

    settings.DATABASES["default"].update(NAME=order["database"], **order.get("reached", {}))
    settings.POOLED_BY_TRANSACTION = order.get("pooled", False)
    import django

    django.setup()
    from django.db import DatabaseError, connection

    from apps.accounts.models import ApiClient
    from apps.calls import services
    from apps.core.privacy.protected import Protected

    at = datetime.fromisoformat(order["at"])
    answers: Counter[str] = Counter()
    allowed: list[str] = []
    ready = threading.Barrier(order["threads"] + 1)

    client = ApiClient.objects.get(pk=order["client"]) if order["client"] else None
    connection.close()

    def ask() -> None:
        try:
            connection.ensure_connection()
        except DatabaseError:
            ready.abort()  # the others need not wait for one that cannot come
            raise
        ready.wait()
        ready.wait()
        for phone in order["phones"]:
            # As clients that time out and ask again do: all under one key for each number.
            key = f"retry-{phone}" if client else None
            try:
                answer = services.authorize(
                    campaign=order["campaign"],
                    phone=Protected(phone, "phone"),
                    line=order["line"],
                    at=at,
                    client=client,
                    idempotency_key=key,
                )
            except DatabaseError as error:
                answers[type(error).__name__] += 1
                connection.close()
                continue
            codes = ",".join(reason["code"] for reason in answer.reasons) or "allow"
            answers[codes] += 1
            if answer.allowed:
                allowed.append(phone[-4:])
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(order["threads"])]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    ready.wait()
    for thread in threads:
        thread.join()
    print(json.dumps({"answers": answers, "allowed": sorted(allowed)}), flush=True)


if __name__ == "__main__":
    main()
