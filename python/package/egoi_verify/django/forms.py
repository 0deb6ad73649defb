"""The two forms."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from egoi_verify._errors import InvalidInputError
from egoi_verify._functions import parse_number


class NumberForm(forms.Form):
    """Asks for a number; its cleaned value is E.164."""

    number = forms.CharField(
        label=_("Phone number"), max_length=64, widget=forms.TextInput({"type": "tel", "autocomplete": "tel"})
    )

    def clean_number(self) -> str:
        """The number as ``+351910000000``."""
        try:
            return parse_number(self.cleaned_data["number"]).e164
        except InvalidInputError as error:
            raise ValidationError(
                _("Enter the number with its country code, as in +351 910 000 000."), code=error.reason
            ) from error


class CodeForm(forms.Form):
    """Asks for the code of the SMS."""

    code = forms.CharField(
        label=_("Code"),
        max_length=64,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
