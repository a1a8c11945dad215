"""`doctor [--json]`: what is configured, reachable, due and wrong, each with what to do; exit 0 when the site
may work, else 3."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from ... import cli
from ...web import health
from ...web.health import PROBES, HealthState

SIGNS = {HealthState.WELL: "  ok  ", HealthState.WARNING: " warn ", HealthState.WRONG: "WRONG "}


class Command(cli.Command):
    help = "Say what is configured, reachable, due and wrong, each with what to do."
    requires_system_checks: list[str] = []  # it runs them itself, and goes on

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = health.ask(PROBES.values())
        is_well = not any(outcome.state == HealthState.WRONG for outcome in outcomes.values())
        if options["json"]:
            checks = {
                name: {"state": str(each.state), "said": str(each.said), "hint": str(each.hint)}
                for name, each in outcomes.items()
            }
            self.tell({"well": is_well, "checks": checks})
        else:
            for name, outcome in outcomes.items():
                self.stdout.write(f"{SIGNS[outcome.state]} {name:<14} {outcome.said}".rstrip())
                if outcome.state != HealthState.WELL and outcome.hint:
                    self.stdout.write(f"{'':<22} → {outcome.hint}")
        if not is_well:
            sys.exit(cli.REFUSED)
