from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "apps.console"
    label = "console"

    def ready(self) -> None:
        from apps.retention.checks import no_period_of_its_own

        no_period_of_its_own("console.daycount", "counts of days, without persons")
        from apps.core import references

        from .scheduled import TASKS

        # An alarm of a duty that did not run names its task.
        references.register(
            {task.replace(".", ".tasks.", 1): words for task, (words, _page) in TASKS.items()}
        )
