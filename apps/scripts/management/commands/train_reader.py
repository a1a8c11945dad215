"""`train_reader [--figures]`: train the second reader of scripts on the collections, and count what it is worth.

Needs the extra "reader". Writes `checking/advice.npz`; `--figures` prints the figures of the head that is there and trains nothing.
"""

import json
from typing import Any

import numpy as np
from django.core.management.base import CommandError, CommandParser

from apps.core import cli
from apps.core.embeddings import embedder
from apps.scripts.checking import advising, training

TOGETHER = 64


class Command(cli.Command):
    help = "Train the second reader of scripts on the collections of passages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--figures", action="store_true", help="print the figures of the trained head")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["figures"]:
            self._train()
        head = advising.load(advising.HEAD)
        self.stdout.write(json.dumps(head.meta["figures"], ensure_ascii=False, indent=2))

    def _train(self) -> None:
        embed = embedder()
        if embed is None:
            raise CommandError('The embeddings are not installed: pip install "hegui[reader]".')
        passages = training.read_collections()
        said = [advising.plain(passage.text) for passage in passages]
        embeddings = []
        for start in range(0, len(said), TOGETHER):
            embeddings.append(embed(said[start : start + TOGETHER]))
            self.progress(min(start + TOGETHER, len(said)), len(said))
        stored = training.train(passages, np.concatenate(embeddings), training.judged_by_bans(passages))
        np.savez_compressed(advising.HEAD, **stored)
