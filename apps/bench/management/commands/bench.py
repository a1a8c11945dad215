"""`bench [NAME…] [--json] [--scale F]`: speed as a ratio to a floor measured in the same run.

Exit code 1 when a goal is missed. Works in a scratch database of its own.
"""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.core import cli

from ...register import BENCHES, Comparison, Scale, scratch_database

LEAST_SCALE = 0.02  # less is too few to measure


class Command(cli.Command):
    help = f"Measure against a floor. Benchmarks: {', '.join(BENCHES)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(BENCHES)}; all by default"
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--scale", type=float, default=1.0, help="part of the full size, for a quick look: 0.1"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := set(options["names"]) - BENCHES.keys():
            raise CommandError(
                f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}."
            )
        if not LEAST_SCALE <= options["scale"] <= 1:
            raise CommandError(f"--scale lies between {LEAST_SCALE} and 1.")
        lines: list[Comparison] = []
        for name in options["names"] or BENCHES:
            with scratch_database():
                lines += BENCHES[name](Scale(options["scale"]))
        payload = [line.as_json() for line in lines]
        if options["json"]:
            self.tell(payload)
        else:
            for line in payload:
                verdict = "reached" if line["reached"] else "MISSED"
                self.stdout.write(
                    f"{line['name']:<24} {line['ours']:>12,.0f} {line['unit']:<12} floor "
                    f"{line['floor']:>12,.0f}   "
                    f"ratio {line['ratio']:.3f}  goal {line['goal']}  {verdict}"
                )
        if not all(line.is_reached for line in lines):
            sys.exit(1)
