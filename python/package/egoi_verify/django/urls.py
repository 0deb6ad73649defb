"""``path("phone/", include("egoi_verify.django.urls"))``."""

from __future__ import annotations

from django.urls import path

from .views import CodeView, NumberView, ResendView

app_name = "egoi_verify"

urlpatterns = [
    path("", NumberView.as_view(), name="number"),
    path("code/", CodeView.as_view(), name="code"),
    path("resend/", ResendView.as_view(), name="resend"),
]
