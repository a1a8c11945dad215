"""`train_reader [--figures | --with-reviews]`: train the second reader of scripts on the collections, and
count what it is worth.

Needs the extra "reader". Writes `checking/advice.npz`; `--figures` prints the figures of the head in use and
trains nothing. `--with-reviews` learns also from what this site's reviewers confirmed or overruled, where the
house lets it (`HEGUI_LEARN_FROM_REVIEWS`), and writes the site's own head (`HEGUI_READER_HEAD`): numbers of
people are blotted out, and neither the passages nor the head leave the site.
"""

import json
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.core import cli
from apps.core.embeddings import embedder
from apps.scripts import queries
from apps.scripts.checking import advising, training

TOGETHER = 64


class Command(cli.Command):
    help = "Train the second reader of scripts on the collections of passages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--figures", action="store_true", help="print the figures of the head in use")
        parser.add_argument(
            "--with-reviews",
            action="store_true",
            help="learn also from what this site's reviewers said of advice",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["figures"]:
            self._train(with_reviews=options["with_reviews"])
        head = advising.head()
        if head is None:
            raise CommandError("No head was trained yet.")
        self.stdout.write(json.dumps(head.meta["figures"], ensure_ascii=False, indent=2))

    def _train(self, *, with_reviews: bool) -> None:
        embed = embedder()
        if embed is None:
            raise CommandError('The embeddings are not installed: pip install "hegui[reader]".')
        house = self._of_the_house() if with_reviews else []
        passages = [*training.read_collections(), *house]
        said = [advising.plain(passage.text) for passage in passages]
        embeddings = []
        for start in range(0, len(said), TOGETHER):
            embeddings.append(embed(said[start : start + TOGETHER]))
            self.progress(min(start + TOGETHER, len(said)), len(said))
        stored = training.train(passages, np.concatenate(embeddings), training.judged_by_bans(passages))
        path = advising.own_head if with_reviews and advising.own_head else advising.HEAD
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **stored)
        path.chmod(0o600 if with_reviews else 0o644)
        advising.head.cache_clear()
        advising.known_passages.cache_clear()

    @staticmethod
    def _of_the_house() -> list[training.Passage]:
        if not settings.HEGUI_LEARN_FROM_REVIEWS:
            raise CommandError(
                "This house does not let the reader learn from its reviews: HEGUI_LEARN_FROM_REVIEWS=true "
                "lets it."
            )
        if advising.own_head is None or advising.own_head.suffix != ".npz":
            raise CommandError(
                "Name the file of the site's own head: HEGUI_READER_HEAD=/srv/hegui/reader.npz"
            )
        return [
            training.Passage(*row)
            for row in queries.judged_passages()
            if len(advising.plain(row[1])) >= advising.SHORTEST
        ]
