"""The site as it is served, on the scratch database, over plain HTTP on loopback, at noon."""

import os
from datetime import timedelta

from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["HEGUI_BENCH_DATABASE"]
settings.DEMO_CLOCK_OFFSET = timedelta(seconds=float(os.environ["HEGUI_BENCH_CLOCK"]))
settings.SECURE_SSL_REDIRECT = False

from config.wsgi import application  # noqa: E402

__all__ = ["application"]
