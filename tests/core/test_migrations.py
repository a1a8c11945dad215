"""Migrations after the first are survived by the version before, which goes on answering while they run
(docs/upgrade.md)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Q

from apps.core.database.first_migration import FirstMigration

DROPS = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def faults(migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    """What code of the version before does not survive, given the state of the models before the
    migration."""
    made: set[str] = set()
    for operation in migration.operations:
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        model = getattr(operation, "model_name_lower", None) or getattr(operation, "name_lower", "")
        if model not in made and (fault := _fault(operation, migration, state)):
            yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {fault}"
        operation.state_forwards(migration.app_label, state)


def _fault(operation: Any, migration: migrations.Migration, state: ProjectState) -> str | None:
    if isinstance(operation, DROPS) and not getattr(migration, "unused_since", ""):
        return "the version before still asks for it; drop it a release later, and say `unused_since`"
    if isinstance(operation, migrations.AddField):
        field = operation.field
        if not (field.null or field.many_to_many or field.db_default is not models.NOT_PROVIDED):
            return "the version before inserts rows without it: let it be null, or give it a `db_default`"
    if isinstance(operation, migrations.AlterField):
        before = state.models[migration.app_label, operation.model_name_lower].fields[operation.name]
        if before.null and not operation.field.null:
            return "the version before writes nulls"
        if (operation.field.max_length or 0) < (before.max_length or 0):
            return "the version before writes longer values"
    if isinstance(operation, migrations.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        return (
            "it reads the whole table under a lock: AddConstraintNotValid, then ValidateConstraint in a "
            "migration of its own"
        )
    if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        return "it keeps others from writing: AddIndexConcurrently"
    if isinstance(operation, migrations.RunSQL | migrations.RunPython) and not operation.reversible:
        return "there is no way back"
    return None


def ours() -> list[str]:
    return [config.label for config in apps.get_app_configs() if config.name.startswith("apps.")]


def test_every_migration_is_survived_by_the_version_before() -> None:
    loader = MigrationLoader(None)
    assert loader.disk_migrations
    found = []
    for (label, name), migration in loader.disk_migrations.items():
        if label in ours() and not isinstance(migration, FirstMigration):
            found += faults(migration, loader.project_state((label, name), at_end=False))
    assert found == []


def test_the_first_migration_of_an_app_is_its_only_one_that_makes_all_at_once() -> None:
    for (label, name), migration in MigrationLoader(None).disk_migrations.items():
        if label in ours():
            assert isinstance(migration, FirstMigration) == (name == "0001_tables"), (label, name)


def unsafe(*operations: Any, **marks: str) -> list[str]:
    """Faults of such a migration of `accounts`, after the first one."""
    migration = migrations.Migration("0002_planted", "accounts")
    migration.operations = list(operations)
    for name, value in marks.items():
        setattr(migration, name, value)
    return list(faults(migration, MigrationLoader(None).project_state(("accounts", "0001_tables"))))


def no_op(apps: Any, schema_editor: Any) -> None: ...


POSITIVE = CheckConstraint(condition=Q(requests_per_second__gte=2), name="planted")


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("department", "name"),
        migrations.DeleteModel("KeyAddress"),
        migrations.RenameField("department", "name", "title"),
        migrations.AddField("department", "planted", models.CharField(max_length=5, default="x")),
        migrations.AlterField("user", "suspended_at", models.DateTimeField()),
        migrations.AlterField("department", "name", models.CharField(max_length=2)),
        migrations.AddConstraint("apiclient", POSITIVE),
        migrations.AddIndex("department", models.Index(fields=["name"], name="planted")),
        migrations.RunSQL("select 1"),
        migrations.RunPython(no_op),
    ],
    ids=lambda operation: operation.describe(),
)
def test_a_planted_fault_is_found(operation: Any) -> None:
    assert len(unsafe(operation)) == 1


@pytest.mark.parametrize(
    "operations",
    [
        (migrations.AddField("department", "planted", models.CharField(max_length=5, null=True)),),
        (migrations.AddField("department", "planted", models.CharField(max_length=5, db_default="")),),
        (
            migrations.CreateModel("Planted", [("id", models.BigAutoField(primary_key=True))]),
            migrations.DeleteModel("Planted"),
        ),
        (AddConstraintNotValid("apiclient", POSITIVE),),
        (AddIndexConcurrently("department", models.Index(fields=["name"], name="planted")),),
        (migrations.RunPython(no_op, no_op),),
    ],
)
def test_what_the_version_before_survives_is_let_through(operations: Any) -> None:
    assert unsafe(*operations) == []


def test_a_column_goes_once_a_release_has_done_without_it() -> None:
    assert unsafe(migrations.RemoveField("department", "name"), unused_since="0.1.0") == []
