"""Files that a form takes, each with a size from which nothing of it is read: an upload waits encrypted on
the disk until then."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

EVIDENCE_MB = 20


class FileOf(forms.FileField):
    """A file of at most `most_mb` MB, judged before any of it is read."""

    def __init__(self, *, most_mb: int = EVIDENCE_MB, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most_mb = most_mb

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file and file.size > self.most_mb * 2**20:
            raise forms.ValidationError(_("The file is larger than %(most)s MB.") % {"most": self.most_mb})
        return file
