"""What our commands share: JSON answers, a progress bar on a terminal, refusal exit codes."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

REFUSED = 3


class Command(BaseCommand):
    """Base of our commands."""

    def tell(self, answer: Any) -> None:
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1, default=str))

    def progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            width = 40 * done // max(total, 1)
            self.stderr.write(
                f"\r[{'#' * width:<40}] {done:,} / {total:,}", ending="" if done < total else "\n"
            )

    def refuse(self, sentence: object) -> None:
        """Say why on standard error and end with exit code 3. Of an error of the machine its words."""
        if isinstance(sentence, OSError):
            sentence = f"{sentence.filename or 'A file'} cannot be used: {sentence.strerror or sentence}."
        self.stderr.write(str(sentence))
        sys.exit(REFUSED)
