"""`messages [--check]`: translations without GNU gettext, by Babel.

Without an option, the catalogue is brought up to date with the source; `--check` fails when a
text is missing, fuzzy or no longer used. What Django loads is compiled by itself (core.translation_catalog).
"""

import io
import re
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.translation.template import templatize

from ... import cli, translation_catalog

KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


class Command(cli.Command):
    help = "Bring translations up to date, or check that they are whole."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self.check_catalog(translation_catalog.SOURCE)
        else:
            self.update(translation_catalog.SOURCE)

    def update(self, path: Path) -> None:
        texts = _read(path)
        texts.update(_found(), no_fuzzy_matching=True)
        texts.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(
                file,
                texts,
                width=140,
                sort_output=True,
                omit_header=False,
                include_lineno=False,
                no_location=True,
            )
        missing = [message.id for message in texts if message.id and not _is_translated(message)]
        self.stdout.write(f"{len(texts)} texts, {len(missing)} without a translation.")

    def check_catalog(self, path: Path) -> None:
        stored = {(message.context or "", message.id): message for message in _read(path) if message.id}
        wanted = {(message.context or "", message.id) for message in _found() if message.id}
        wrong = [f"missing: {text!r}" for text in sorted(wanted - stored.keys(), key=str)]
        wrong += [f"no longer used: {text!r}" for text in sorted(stored.keys() - wanted, key=str)]
        wrong += [
            f"not translated: {text!r}"
            for text, message in stored.items()
            if not _is_translated(message) or message.fuzzy
        ]
        for text, message in stored.items():
            wrong += [f"{text!r}: {error}" for error in message.check()]
            if _is_translated(message) and _filled_in(message.string or "") != _filled_in(message.id):
                wrong.append(f"{text!r}: the translation does not name the same things")
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(f"{len(stored)} texts, all translated.")


def _is_translated(message: Message) -> bool:
    """Of a text with a plural, every form."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _filled_in(text: str | tuple[str, ...] | list[str]) -> set[str]:
    """What is put into a text; of a plural, into its last form."""
    return set(re.findall(r"%\((\w+)\)", text if isinstance(text, str) else text[-1]))


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale=translation_catalog.LOCALE, project="Hegui", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=translation_catalog.LOCALE)


def _as_python(template: str, path: Path) -> str:
    """What Django's extraction makes of a template; its indentation means nothing to Python."""
    return "\n".join(line.strip() for line in templatize(template, origin=str(path)).splitlines())


def _found() -> Catalog:
    """Every text of the source: Python as it is, templates as Django's extraction sees them."""
    texts = Catalog(locale=translation_catalog.LOCALE)
    root = Path(settings.BASE_DIR)
    for path in sorted(
        [*root.glob("apps/**/*.py"), *root.glob("config/*.py"), *root.glob("templates/**/*.html")]
    ):
        if "migrations" in path.parts:
            continue
        text = path.read_text()
        source = _as_python(text, path) if path.suffix == ".html" else text
        for _line, message, _comments, context in extract(
            "python", io.BytesIO(source.encode()), keywords=KEYWORDS
        ):
            texts.add(message, context=context)
    return texts
