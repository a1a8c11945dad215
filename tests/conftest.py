"""What every test may use: a settled moment, the smallest legal world, signed-in clients."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import translation

from apps.notifications import gateway
from apps.notifications.services import outbox

from . import snapshot
from .http import SecureClient
from .templates import make_template
from .world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A Tuesday that is no holiday, within calling hours.
MOMENT = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
DATA = Path(__file__).parent / "data"


# Files that take longest: they begin first, so that no worker is left alone with one at the end.
LONGEST = ("security/test_matrix.py", "tests/test_up.py", "properties/test_norm.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not str(item.path).endswith(LONGEST))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Tables are made once, in a database that each worker's is copied from."""
    with django_db_blocker.unblock():
        make_template()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at MOMENT until the test moves it."""
    with time_machine.travel(MOMENT, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Chinese, as for who says nothing: whatever the request before asked for."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of a test go to its own folder."""
    from django.core.files.storage import storages

    folder = tmp_path / "media"
    monkeypatch.setattr(settings, "MEDIA_ROOT", folder)
    monkeypatch.setattr(settings, "HEGUI_LEDGER", tmp_path / "ledger")
    monkeypatch.setattr(settings, "HEGUI_BACKUPS", str(tmp_path / "backups"))
    storages["default"].__dict__.pop("base_location", None)
    storages["default"].__dict__.pop("location", None)
    storages["default"]._location = folder
    return folder


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """What a process remembers of programs is of the test before."""
    from apps.accounts.services import clients
    from apps.calls.services import client_budget

    clients._noted.clear()
    clients._remembered.clear()
    client_budget.forget()


@pytest.fixture(scope="session", autouse=True)
def _under_the_first_key_of_index() -> None:
    """As a new database says it, for the tests that have none."""
    from apps.core.crypto import blind_index

    blind_index.stand_under(())


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A keyring file of the test's own, with the keys of the suite."""
    from apps.core.crypto import blind_index, keyring

    path = tmp_path / "keyring.json"
    keyring.write_private_file(path, keyring.read_private_file(settings.HEGUI_KEYRING_FILE))
    monkeypatch.setattr(settings, "HEGUI_KEYRING_FILE", path)
    yield path
    blind_index.stand_under(())


@pytest.fixture
def world(db: None, clock: time_machine.Traveller) -> World:
    return snapshot.world()


@pytest.fixture
def browse(world: World) -> Callable[[str], Client]:
    """A test client signed in as the person of that user name."""

    def sign_in(username: str, *, second_factor: bool = True) -> Client:
        client = SecureClient()
        client.force_login(
            world.people[username], backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        session = client.session
        session["second_factor"] = second_factor
        # The people of the world have no password that could be asked again, so sudo mode is on.
        session.save()
        return client

    return sign_in


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the gateway was given: it lies outside the machine. A test's transaction has no end, so messages
    go at once."""

    messages: list[tuple[str, str]] = []

    def post(url: str, *, body: bytes, **more: Any) -> tuple[int, bytes]:
        message = json.loads(body)
        messages.append((message["to"], message["text"]))
        return 200, b""

    monkeypatch.setattr(settings, "HEGUI_SMS_URL", "https://gateway.example/send")
    monkeypatch.setattr(gateway, "post", post)
    monkeypatch.setattr(outbox, "_soon", outbox.send_due)
    return messages


@dataclass(frozen=True)
class S3:
    """An empty bucket of moto's server, on loopback."""

    client: Any
    endpoint: str

    def address(self, name: str) -> str:
        return f"s3://hegui/{name}?endpoint={self.endpoint}&region=us-east-1"

    def names(self) -> list[str]:
        return [each["Key"] for each in self.client.list_objects_v2(Bucket="hegui").get("Contents", [])]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    import boto3

    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=s3_server)
    client.create_bucket(Bucket="hegui")
    bucket = S3(client, s3_server)
    yield bucket
    versions = client.list_object_versions(Bucket="hegui")
    for each in (*versions.get("Versions", ()), *versions.get("DeleteMarkers", ())):
        client.delete_object(Bucket="hegui", Key=each["Key"], VersionId=each["VersionId"])
    client.delete_bucket(Bucket="hegui")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """An empty database beside that of the site; here it is on the same server."""
    about = settings.DATABASES["default"]
    name = f"hegui_lines_{threading.get_native_id()}"
    url = f"postgresql://{about['USER']}@/postgres?host={about['HOST']}&port={about.get('PORT') or 5432}"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f"create database {name}")
        yield url.replace("/postgres?", f"/{name}?")
        link.execute(f"drop database {name} with (force)")
