"""What happened day by day: counted once and kept, so that an overview reads counts and not calls."""

from django.db import models
from django.db.models import Q

from apps.campaigns.models import Campaign
from apps.core.database.base_models import named


class DayCount(models.Model):
    """How often something was so on one day of the default zone, in one campaign (None: in none).

    `key` says what of the measure is counted: a rule of the gate, a channel, the number of a line.
    `figures.keep` writes them.
    """

    IN_TRAIL = False
    NOT_TYPED = ("key",)

    class Measure(models.TextChoices):
        ALLOWED = "allowed"
        REFUSED = "refused"
        REFUSED_BY = "refused_by"  # key: the rule; one refusal may name several
        OPTED_OUT = "opted_out"  # key: the channel; in no campaign
        CONNECTED = "connected"
        RECORDED = "recorded"  # of those connected
        REVIEWED = "reviewed"  # of those connected
        LINE_MADE = "line_made"  # key: the row of the line, as of the next two
        LINE_ANSWERED = "line_answered"
        LINE_SHORT = "line_short"

    day = models.DateField()
    measure = models.CharField(max_length=14, choices=Measure)
    key = models.CharField(max_length=30, blank=True)
    campaign = named(Campaign, null=True, related_name="+")
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "measure", "key", "campaign"],
                nulls_distinct=False,
                name="one_count_a_day_and_campaign",
            ),
            models.CheckConstraint(condition=Q(count__gt=0), name="nothing_is_no_count"),
        ]
