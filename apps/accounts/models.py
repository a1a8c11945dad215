"""People, their department and role, and the programs that use the API."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.calendar.timestamps import is_readable
from apps.core.database.base_models import Dated, named
from apps.core.errors import HeguiError
from apps.core.privacy.fields import GuardedCharField

from .roles import Role


class Department(Dated):
    name = GuardedCharField(_("name"), max_length=80, unique=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)

    class Meta:
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name


class NoSuperusers(HeguiError):
    code = "no_superusers"
    sentence = _(
        "There are no superusers here: nobody stands outside the checks. `manage.py begin` makes the first "
        "administrator."
    )


class People(UserManager["User"]):
    def create_superuser(self, *args: Any, **kwargs: Any) -> "User":
        raise NoSuperusers()


class User(AbstractUser):
    """A member of staff. There are no superusers (a superuser bypasses django-guardian)."""

    NOT_TYPED = ("password", "username")

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = GuardedCharField(_("display name"), max_length=80)
    role = models.CharField(_("role"), max_length=12, choices=Role)
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name=_("department"), related_name="people"
    )
    staff_number = GuardedCharField(
        _("staff number"),
        max_length=12,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"\A[A-Za-z0-9-]*\Z")],
    )
    suspended_at = models.DateTimeField(_("suspended since"), null=True, blank=True)
    suspended_by = named("self", verbose_name=_("suspended by"), null=True, blank=True, related_name="+")
    suspended_for = GuardedCharField(_("suspended because"), max_length=200, blank=True)
    sessions_ended_at = models.DateTimeField(_("sessions ended"), null=True, blank=True, editable=False)

    objects: ClassVar[People] = People()
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_superuser=False, is_staff=False), name="no_superusers"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return str(self)

    get_short_name = get_full_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Sessions carry this: when password, role or state changes, they all end."""
        ended = self.sessions_ended_at.isoformat() if self.sessions_ended_at else ""
        standing = f"{self.password}|{self.role}|{self.is_active}|{ended}"
        return salted_hmac("hegui.session", standing, secret=secret, algorithm="sha256").hexdigest()


class Invitation(Dated):
    """A link with which a person sets their password, once. Its token is shown once and kept as a hash."""

    user = models.ForeignKey(User, models.PROTECT, related_name="invitations")
    token_hash = models.BinaryField(max_length=32, unique=True)
    # nobody: `manage.py begin`
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(made_by=F("user")), name="nobody_invites_themselves")
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]


class TwoPersonRequest(Dated):
    """Asked by an administrator, decided by somebody else: an administrator or a compliance officer."""

    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)

    class Meta:
        abstract = True


class FactorReset(TwoPersonRequest):
    """Taking a lost second factor away."""

    user = models.ForeignKey(User, models.PROTECT, related_name="factor_resets")
    reason = GuardedCharField(_("reason"), max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(asked_by=F("user")) & ~Q(decided_by=F("user")) & ~Q(decided_by=F("asked_by")),
                name="factor_reset_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(approved=False) | Q(decided_by__isnull=False),
                name="factor_reset_approval_has_approver",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(decided_at__isnull=True), name="one_open_factor_reset"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]


class RoleRequest(TwoPersonRequest):
    """A role that decides for others (`SECOND_FACTOR_ROLES`). Without it one administrator would make the
    second person of every decision themselves."""

    class Alone(models.TextChoices):
        FIRST = "first", _("the second person of a new site")  # once: there was nobody who could agree
        HOST = "host", _("by who runs the machine")  # `manage.py begin --agree`

    user = models.ForeignKey(User, models.PROTECT, related_name="role_requests")
    role = models.CharField(_("role"), max_length=12, choices=Role)
    alone = models.CharField(max_length=5, choices=Alone, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(asked_by=F("user")) & ~Q(decided_by=F("user")) & ~Q(decided_by=F("asked_by")),
                name="role_request_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(approved=False) | Q(decided_by__isnull=False) | ~Q(alone=""),
                name="role_request_approval_has_approver",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(decided_at__isnull=True), name="one_open_role_request"
            ),
            models.UniqueConstraint(
                fields=["alone"], condition=Q(alone="first"), name="one_second_person_made_alone"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]


class ApiClient(Dated):
    """A program that speaks the API: a dialler, a CRM. Its secret is shown once, kept hashed."""

    NOT_TYPED = ("addresses",)
    # The version of the row (`xmin` and `ctid`) that a process remembers it by; "" where it was read for this
    # request.
    row_version = ""

    class Scope(models.TextChoices):
        AUTHORIZE = "authorize", _("ask the gate")
        DIAL = "dial", _("receive numbers to dial")
        EVENTS = "events", _("report call events")
        OPT_OUTS = "optouts", _("record opt-outs")
        FEED = "feed", _("read changes of the register")
        NUMBERS = "numbers", _("read the numbers of those changes, of its campaigns' contacts")
        SCRUB = "scrub", _("hold lists against the register")
        RECORDINGS = "recordings", _("hand in recordings and transcripts")
        COMPLAINTS = "complaints", _("record complaints")
        CONTACTS = "contacts", _("keep contacts in step")
        REQUESTS = "requests", _("hand in requests of persons about their data")
        TELEPHONY = "telephony", _("lead calls to carriers as a telephone gateway")

    name = GuardedCharField(_("name"), max_length=80, unique=True)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="api_clients")
    key_hash = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope), verbose_name=_("scopes"))
    addresses = ArrayField(
        models.CharField(max_length=43), verbose_name=_("address ranges"), default=list, blank=True
    )
    requests_per_second = models.PositiveSmallIntegerField(_("requests a second"), default=200)
    ends_at = models.DateTimeField(_("valid until"))
    is_active = models.BooleanField(_("active"), default=True)
    previous_key_hash = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(requests_per_second__gte=1), name="api_client_may_ask"),
            models.CheckConstraint(condition=is_readable("ends_at"), name="api_client_end_is_readable"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    @property
    def hands_out_numbers(self) -> bool:
        return bool({self.Scope.DIAL, self.Scope.NUMBERS, self.Scope.TELEPHONY} & set(self.scopes))

    @property
    def scope_labels(self) -> list[Promise | str]:
        return [self.Scope(scope).label for scope in self.scopes]

    def __str__(self) -> str:
        return self.name


class KeyRequest(TwoPersonRequest):
    """A key that receives numbers (`ApiClient.hands_out_numbers`): in force once somebody else agreed."""

    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="key_requests")
    key_hash = models.BinaryField(max_length=32, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="key_request_four_eyes"),
            models.CheckConstraint(
                condition=Q(approved=False) | Q(decided_by__isnull=False),
                name="key_request_approval_has_approver",
            ),
            models.UniqueConstraint(
                fields=["client"], condition=Q(decided_at__isnull=True), name="one_open_key_request"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]


class KeyAddress(Dated):
    """From where a key was used, once for each address: a new one raises an alarm (`audit`)."""

    IN_TRAIL = False

    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="used_from")
    address = models.GenericIPAddressField()
    first_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "address"], name="key_address_once")]
