from django.apps import AppConfig


class OptoutsConfig(AppConfig):
    name = "apps.optouts"
    label = "optouts"
