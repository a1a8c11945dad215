from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "apps.console"
    label = "console"

    def ready(self) -> None:
        from apps.retention.checks import no_period_of_its_own

        no_period_of_its_own("console.daycount", "counts of days, without persons")
