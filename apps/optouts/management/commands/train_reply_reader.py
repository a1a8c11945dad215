"""`train_reply_reader [--json]`: make the weights of the second reader of messages from the collections, with
its figures."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.core import cli
from apps.core.embeddings import embedder
from apps.optouts.training import make_model

from ...learned_reader import WEIGHTS


class Command(cli.Command):
    help = "Train the second reader of messages on the collections, and write its weights and figures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        embed = embedder()
        if embed is None:
            raise CommandError("Training needs the library for embeddings: pip install 'hegui[reader]'.")
        model = make_model(embed)
        WEIGHTS.write_text(json.dumps(model, ensure_ascii=False, sort_keys=True, indent=0) + "\n")
        if options["json"]:
            self.tell(model["figures"])
        else:
            self.stdout.write(
                f"{len(model['weights']):,} weights; on hands not trained on: {model['figures']}"
            )
