"""Model fields whose values are `Protected` in Python and AES-256-GCM in the table.

They stand on django-encrypted-model-fields, whose own cipher is Fernet (AES-128) and whose
`to_python` decrypts whatever a form hands it and lets failures pass. Here a value is decrypted
in `from_db_value` alone, a failure raises, and assignment wraps, in the constructor and in
`bulk_create` too, because all three go through the descriptor.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _
from encrypted_model_fields.fields import EncryptedCharField, EncryptedTextField

from ..crypto import cipher
from ..errors import BadInput, PersonalDataFound
from .free_text import has_number
from .protected import Kind, Protected, Unreadable, clear_for_machine

Row = TypeVar("Row", bound=models.Model)
KEEP = object()  # what a form hands back when nothing was typed over a mask


class _GuardsNumbers:
    """An ordinary column for what people type: a number of a person is refused on its way to the table (R1),
    by whatever door."""

    verbose_name: Any

    PATH: str  # of the field below, for migrations: the table is the same

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, self.PATH, args, kwargs

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Raises `PersonalDataFound`, which names the field and not the value."""
        if any(map(has_number, _texts_in(value))):
            raise PersonalDataFound(
                _("%(field)s: a number of a person stands here. Leave it out (R1)."),
                field=str(self.verbose_name),
            )
        return super().get_db_prep_save(value, connection)  # type: ignore[misc]


def _texts_in(value: Any) -> Iterator[str]:
    """Every text in a value: itself, or among its items, keys and values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts_in(name)
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)


class GuardedCharField(_GuardsNumbers, models.CharField):
    """A line that people type."""

    PATH = "django.db.models.CharField"


class GuardedTextField(_GuardsNumbers, models.TextField):
    """A text that people type."""

    PATH = "django.db.models.TextField"


class GuardedSlugField(_GuardsNumbers, models.SlugField):
    """A code that people choose."""

    PATH = "django.db.models.SlugField"


class GuardedURLField(_GuardsNumbers, models.URLField):
    """An address that people type."""

    PATH = "django.db.models.URLField"


class GuardedJSONField(_GuardsNumbers, models.JSONField):
    """Texts that people type, in a structure of ours."""

    PATH = "django.db.models.JSONField"


class GuardedArrayField(_GuardsNumbers, ArrayField):
    """Words or lines that people type."""

    PATH = "django.contrib.postgres.fields.ArrayField"


class _WrapsOnAssignment(DeferredAttribute):
    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.wrap(value)  # type: ignore[attr-defined]  # ours: ProtectedMixin


class ProtectedInput(forms.TextInput):
    """Never renders a value: the mask is the placeholder, and an empty box keeps what is."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        if isinstance(value, Protected):
            context["widget"]["attrs"]["placeholder"] = str(value)
        context["widget"]["attrs"]["autocomplete"] = "off"
        return context


class ProtectedFormField(forms.CharField):
    widget = ProtectedInput

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return text or KEEP

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class ProtectedMixin:
    """Shared by both fields: wrap on the way in, encrypt on the way down, open on the way up."""

    descriptor_class = _WrapsOnAssignment
    attname: str
    name: str
    model: type[models.Model]

    def __init__(self, *args: Any, kind: Kind = "text", **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, path, args, {**kwargs, "kind": self.kind}

    def get_internal_type(self) -> str:
        return "BinaryField"

    @property
    def bound_to(self) -> bytes:
        """The column that an encrypted value belongs to: it opens nowhere else."""
        return f"{self.model._meta.db_table}.{self.name}".encode()

    def wrap(self, value: Any) -> Any:
        if value is None or isinstance(value, Protected) or hasattr(value, "resolve_expression"):
            return value
        if value == "" and self.kind == "phone":
            return None  # there is no empty phone; a column that wants one says so
        return Protected(str(value), self.kind)

    def to_python(self, value: Any) -> Any:
        return self.wrap(value)

    def encrypt(self, value: Any) -> bytes | None:
        value = self.wrap(value)
        if value is None:
            return None
        return cipher.encrypt(clear_for_machine(value).encode(), purpose="fields", bound_to=self.bound_to)

    def get_prep_value(self, value: Any) -> Any:
        return self.wrap(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if hasattr(value, "resolve_expression"):
            raise FieldError("A protected field takes values, not expressions.")
        return self.encrypt(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return self.get_db_prep_value(value, connection)

    def from_db_value(self, value: Any, *args: Any) -> Any:
        if value is None:
            return None
        clear = cipher.decrypt(bytes(value), purpose="fields", bound_to=self.bound_to).decode()
        try:
            return Protected(clear, self.kind)
        # stored before such a form was refused: hidden whole, never dialled; check_consistency names it
        except BadInput:
            return Unreadable(clear)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: look it up through its blind index.")
        return super().get_lookup(lookup_name)  # type: ignore[misc]

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is encrypted: it has no {lookup_name}.")

    def value_to_string(self, obj: models.Model) -> str:
        return str(getattr(obj, self.attname))

    def formfield(self, **kwargs: Any) -> Any:
        kwargs = {"required": False, "label": kwargs.pop("label", None), **kwargs}
        kwargs.pop("widget", None)
        kwargs["form_class"] = ProtectedFormField
        return models.Field.formfield(self, **kwargs)  # type: ignore[arg-type]

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data is not KEEP:
            setattr(instance, self.name, data)

    def run_validators(self, value: Any) -> None:
        return None  # the services judge the clear text before it is wrapped


class ProtectedCharField(ProtectedMixin, EncryptedCharField):
    pass


class ProtectedTextField(ProtectedMixin, EncryptedTextField):
    pass


class FileNameField(models.CharField):
    """The name of an encrypted file (`core.crypto.encrypted_files`); "" when there is none. Being a field of
    its own kind, it tells backups, the purge and the consistency check which files belong to which rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 80)
        super().__init__(*args, **kwargs)


def file_fields(model: type[models.Model]) -> list[str]:
    """The names of a model's fields that name encrypted files."""
    return [field.name for field in model._meta.get_fields() if isinstance(field, FileNameField)]


def bound_to(model: type[models.Model], name: str) -> bytes:
    """The column that the encrypted values of a protected field belong to."""
    field = model._meta.get_field(name)
    if not isinstance(field, ProtectedMixin):
        raise TypeError(name)
    return field.bound_to


def without_values(rows: "models.QuerySet[Row]") -> "models.QuerySet[Row]":
    """The rows without their protected values, each of which is opened when somebody asks for it: one that
    cannot be opened stops no work that does not need it."""
    return rows.defer(*protected_fields(rows.model))


def protected_fields(model: type[models.Model]) -> list[str]:
    """The names of a model's protected fields."""
    return [
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, ProtectedCharField | ProtectedTextField)
    ]
