"""The site of a test as it is served, with static files as they lie."""

import os
from pathlib import Path

from django.conf import settings

settings.MEDIA_ROOT = Path(os.environ["HEGUI_TEST_MEDIA"])
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

from apps.core.web import operations  # noqa: E402

operations.refuse_to_start = lambda **_: None

from apps.bench.measured.ours import application  # noqa: E402

__all__ = ["application"]
