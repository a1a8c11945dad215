"""The form of the shell's search box."""

from django import forms


class SearchForm(forms.Form):
    words = forms.CharField(max_length=80)
