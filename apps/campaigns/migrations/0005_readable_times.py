"""An exception's times every reader can read."""

import datetime

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

EARLIEST, LATEST = (
    datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
    datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC),
)


def within(field: str) -> models.Q:
    return models.Q(**{f"{field}__isnull": True}) | models.Q(
        **{f"{field}__gte": EARLIEST, f"{field}__lt": LATEST}
    )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_through_gateway")]

    operations = [
        AddConstraintNotValid(
            "callexception",
            models.CheckConstraint(
                condition=within("starts_at") & within("ends_at"), name="call_exception_times_are_readable"
            ),
        )
    ]
