"""Trunks, diallers, gateways and what diallers tried."""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiClient
from apps.calls.models import Call
from apps.campaigns.models import Line
from apps.core.database.base_models import Dated, named
from apps.core.privacy.fields import GuardedCharField, ProtectedCharField
from apps.core.web import ids

NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)


class Trunk(Dated):
    """The way to a carrier: where the gateway sends calls, of which lines, how many at once."""

    NOT_TYPED = ("host",)

    class Transport(models.TextChoices):
        UDP = "udp", "UDP"
        TCP = "tcp", "TCP"

    class Form(models.TextChoices):
        E164 = "e164", _("+8613800001234")
        NATIONAL = "national", _("as dialled in the mainland: 13800001234, 01085550101")

    name = GuardedCharField(_("name"), max_length=60, unique=True)
    host = models.GenericIPAddressField(_("address of the carrier"))
    port = models.PositiveIntegerField(
        _("port"), default=5060, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    transport = models.CharField(_("transport"), max_length=3, choices=Transport, default=Transport.UDP)
    form = models.CharField(_("how the carrier wants numbers"), max_length=8, choices=Form, default=Form.E164)
    lines = models.ManyToManyField(Line, verbose_name=_("lines"), related_name="trunks")
    calls_at_once = models.PositiveIntegerField(
        _("calls at once of each line"), default=30, validators=[MinValueValidator(1)]
    )
    calls_a_second = models.PositiveIntegerField(
        _("calls a second of each line"), default=5, validators=[MinValueValidator(1)]
    )
    is_active = models.BooleanField(pgettext_lazy("trunk, dialler", "in use"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(port__gte=1, port__lte=65535),
                name="trunk_has_a_port",
                violation_error_message=_("A port is a number from 1 to 65535."),
            ),
            models.CheckConstraint(
                condition=Q(calls_at_once__gte=1, calls_a_second__gte=1),
                name="trunk_has_room",
                violation_error_message=_("Allow at least one call at once and one a second."),
            ),
        ]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" + (";transport=tcp" if self.transport == self.Transport.TCP else "")


class Dialler(Dated):
    """A system that sends calls to the gateway. Its API client says for which campaigns it calls and which
    reservations are its own."""

    NOT_TYPED = ("addresses", "user")

    class System(models.TextChoices):
        FREESWITCH = "freeswitch", "FreeSWITCH"
        ASTERISK = "asterisk", "Asterisk"
        VICIDIAL = "vicidial", "VICIdial"
        VOICE = "voice", _("platform of machine voices")
        OTHER = "other", _("another system")

    name = GuardedCharField(_("name"), max_length=60, unique=True)
    system = models.CharField(_("system"), max_length=10, choices=System, default=System.OTHER)
    client = models.OneToOneField(
        ApiClient, models.PROTECT, verbose_name=_("API client"), related_name="dialler"
    )
    addresses = ArrayField(models.CharField(max_length=43), verbose_name=_("addresses that it sends from"))
    user = models.CharField(_("user name of its digest"), max_length=40, null=True, blank=True, unique=True)
    # HA1: as good as the password
    password_hash: Any = ProtectedCharField(kind="text", null=True, blank=True, editable=False)
    asks_first = models.BooleanField(_("has to ask by API before each call (X-Hegui-Call)"), default=False)
    is_active = models.BooleanField(pgettext_lazy("trunk, dialler", "in use"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(addresses=[]),
                name="dialler_has_an_address",
                violation_error_message=_("Give at least one address."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, password_hash__isnull=True)
                | Q(user__isnull=False, password_hash__isnull=False),
                name="dialler_digest_is_whole",
            ),
        ]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.encode("dl", self.pk)


class Gateway(Dated):
    """What the connector of a gateway reported last. The gateway is the API client with the scope
    `telephony`."""

    IN_TRAIL = False

    client = models.OneToOneField(
        ApiClient, models.PROTECT, verbose_name=_("API client"), related_name="gateway"
    )
    seen_at = models.DateTimeField(_("last seen"))
    is_answering = models.BooleanField(_("SIP server answers"))  # Kamailio's answer to the connector
    open_calls = models.PositiveIntegerField(_("calls under way"))
    events_waiting = models.PositiveIntegerField(_("events that wait"))
    recordings_waiting = models.PositiveIntegerField(_("recordings that wait"))
    oldest_seconds = models.PositiveIntegerField(_("oldest of them, in seconds"))
    spool_bytes = models.PositiveBigIntegerField(_("bytes in the spool"))
    spool_free = models.PositiveBigIntegerField(_("bytes that are free"))
    set_aside = models.PositiveIntegerField(_("set aside because they cannot be used"))
    strangers = models.PositiveIntegerField(_("senders that are no dialler, within the hour"), default=0)

    class Meta:
        triggers = [NEVER_DELETED]


class Attempt(models.Model):
    """One INVITE that a dialler sent, and what became of it. Holds no number: the decision of the gate knows
    whom it was about."""

    IN_TRAIL = False
    NOT_TYPED = ("ask", "codes", "source")

    at = models.DateTimeField(_("time"))
    gateway = named(ApiClient, related_name="+")
    dialler = named(Dialler, null=True, related_name="attempts", verbose_name=_("dialler"))
    trunk = named(Trunk, null=True, related_name="attempts", verbose_name=_("trunk"))
    line = named(Line, null=True, related_name="+", verbose_name=_("line"))
    # the call goes before it
    call = models.OneToOneField(Call, models.SET_NULL, null=True, related_name="attempt")
    decision_number = models.BigIntegerField(null=True)  # of the decision, which may be gone
    ask = models.CharField(max_length=64)  # the same question again has the same
    # why it was refused; none: led to the carrier
    codes = ArrayField(models.CharField(max_length=30), default=list)
    source = models.GenericIPAddressField(_("sent from"), null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="attempt_by_time"),
            models.Index(fields=["dialler", "-at"], condition=~Q(codes=[]), name="attempt_refused"),
        ]
        constraints = [models.UniqueConstraint(fields=["gateway", "ask"], name="attempt_once")]

    @property
    def decision_id(self) -> int | None:
        return self.decision_number
