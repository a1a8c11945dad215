"""What granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.core.web.chunked_bodies import WithLength
from apps.core.web.operations import refuse_to_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = WithLength(get_wsgi_application(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
refuse_to_start(serves_pages=True)
