"""How a person likes their lists, and what they have typed into forms and not yet sent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.privacy.fields import GuardedCharField, ProtectedTextField


class ListChoice(models.Model):
    """What a person does not want to see of one list. `list_name` is the name of its address."""

    IN_TRAIL = False
    NOT_TYPED = ("list_name", "hidden")

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=40)
    hidden = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list_name"], name="one_choice_per_list")]


class SavedFilter(models.Model):
    """What a person filters and sorts a list by again and again; a query string, without `?`."""

    IN_TRAIL = False

    NAME, QUERY = 40, 1_000

    choice = models.ForeignKey(ListChoice, models.CASCADE, related_name="filters")
    name = GuardedCharField(max_length=NAME)
    query = GuardedCharField(max_length=QUERY)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["choice", "name"], name="saved_filter_has_one_name"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="saved_filter_chooses"),
        ]


class Draft(models.Model):
    """What somebody has typed into a form and not sent; `key` names the page and the form. Kept `DAYS` days,
    read by nobody else.

    `fields` is JSON: by the name of a field, its values.
    """

    IN_TRAIL = False

    DAYS = 7
    KEY, TEXT = 200, 40_000

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = GuardedCharField(max_length=KEY)
    fields = ProtectedTextField(kind="text")
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_draft_of_a_form")]
