from django import forms
from django.utils.translation import gettext_lazy as _

from .models import MailChoice


class MailChoiceForm(forms.Form):
    mode = forms.ChoiceField(
        label=_("E-mails to you"), choices=MailChoice.Mode.choices, widget=forms.RadioSelect
    )
