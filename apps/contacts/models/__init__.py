"""The people who may be called: a number, a name, tags and a note, and nothing else (R1). Where they come
from (R3), what they agreed to (R2), who is a minor (R25), how other systems call them, and the lists that
bring them in, are rows of their own."""

from .consents import Consent, MinorFlag
from .doubts import NumberDoubt
from .formers import FormerWord
from .imports import ColumnMapping, ContactImport, ContactList, MetContact
from .people import Contact, ExternalRef
from .sources import DataSource, Purpose, SourcePurpose, Wording

__all__ = [
    "ColumnMapping",
    "Consent",
    "Contact",
    "ContactImport",
    "ContactList",
    "DataSource",
    "ExternalRef",
    "FormerWord",
    "MetContact",
    "MinorFlag",
    "NumberDoubt",
    "Purpose",
    "SourcePurpose",
    "Wording",
]
