"""A pytest plugin loaded before the settings: the suite has servers and a home of its own.

`HEGUI_POSTGRES_BIN` names another PostgreSQL to run on; it gets a home of its own too.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FROM_OUTSIDE = (
    "DATABASE_URL",
    "REDIS_URL",
    "HEGUI_SECRET_KEY",
    "HEGUI_KEYRING",
    "HEGUI_KEYRING_FILE",
    "HEGUI_STORAGE_URL",
    "HEGUI_DEMO",
)

for name in FROM_OUTSIDE:
    os.environ.pop(name, None)
other = os.environ.get("HEGUI_POSTGRES_BIN", "")
os.environ["HEGUI_HOME"] = str(ROOT / "var" / ("test-other" if other else "test"))
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

_servers = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    from config import first_start

    first_start.make_secrets()
    from django.conf import settings

    from apps.core.web import probes

    # tests without a database ask for pages too; the look itself has tests of its own
    probes._schema["fits"] = True
    # Static files are served as they lie; collecting them is `up`'s own test.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    _servers.enter_context(settings.EMBEDDED.leaned_on())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    _servers.close()
