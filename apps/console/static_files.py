"""Style sheets, scripts and pictures, put together once for the web server."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command


def collect() -> None:
    """Only when something changed since the last time; an installed package brings them collected."""
    if not settings.STATICFILES_DIRS:
        return
    print_of = hashlib.sha256((Path(settings.BASE_DIR) / "package-lock.json").read_bytes())
    for path in sorted((Path(settings.BASE_DIR) / "static").rglob("*")):
        if path.is_file():
            print_of.update(path.read_bytes())
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.exists() and mark.read_text() == print_of.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(print_of.hexdigest())
