"""Long forms in sections."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.utils.functional import Promise


class Sectioned:
    """A form whose fields stand under headings, each field under one. Mixed into a form."""

    SECTIONS: ClassVar[tuple[tuple[Promise | str, tuple[str, ...]], ...]]

    def sections(self) -> Iterator[tuple[Promise | str, list[Any]]]:
        form: Any = self
        for title, names in self.SECTIONS:
            yield title, [form[name] for name in names]
