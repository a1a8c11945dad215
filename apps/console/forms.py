"""The search box of the shell."""

from django import forms


class SearchForm(forms.Form):
    words = forms.CharField(max_length=80)
