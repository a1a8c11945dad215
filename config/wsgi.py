"""What granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.core.web.bodies import Bodies
from apps.core.web.operations import refuse_to_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = Bodies(
    get_wsgi_application(),
    most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    at_once=max(1, settings.HEGUI_WEB_THREADS // 2),
)
refuse_to_start(serves_pages=True)
