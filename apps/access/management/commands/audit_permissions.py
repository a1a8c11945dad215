"""`audit_permissions [--json]`: compare rights with the role table and with use; exit code 1 when something
is found."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from apps.access import services
from apps.access.wording import evidence_text, proposal
from apps.core import cli


class Command(cli.Command):
    help = "Audit all permissions now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        audit = services.audit_permissions()
        findings = audit.findings.select_related("subject", "client", "owner").order_by("pk")
        if options["json"]:
            result = [
                {
                    "kind": each.kind, "severity": each.severity,
                    "subject": each.subject and each.subject.username,
                    "client": each.client and each.client.name, "evidence": each.evidence,
                    "proposal": str(proposal(each)),
                    "owner": each.owner and each.owner.username, "due_on": each.due_on.isoformat(),
                    "new": each.is_new,
                }
                for each in findings
            ]  # fmt: skip
            self.tell({"audit": audit.pk, "counts": audit.counts, "gone": audit.gone, "findings": result})
        else:
            for each in findings:
                self.stdout.write(
                    f"{each.severity:<7} {each.kind:<14} {each.subject or each.client or '–'}  "
                    f"{evidence_text(each)}  → {proposal(each)}"
                )
            self.stdout.write(
                f"{sum(audit.counts.values())} found, {audit.gone} gone since the audit before."
            )
        if audit.counts:
            sys.exit(1)
