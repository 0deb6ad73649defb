"""The pages: the number, the code, and another code."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypedDict, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from egoi_verify._errors import InvalidInputError, RateLimitedError, VerifyError
from egoi_verify._values import Outcome
from egoi_verify._web import can_go_on, headers_of, is_of_visitor

from . import conf
from .forms import CodeForm, NumberForm

if TYPE_CHECKING:
    from typing import Any

    from django.forms import Form

    BaseView = FormView[Form]
else:
    BaseView = FormView

logger = logging.getLogger("egoi_verify.django")

SESSION_KEY = "egoi_verify"


class Pending(TypedDict):
    """Id and number stay together in the session: a code for one number must not prove another."""

    id: str
    number: str


def _pending(request: HttpRequest) -> Pending | None:
    return cast("Pending | None", request.session.get(SESSION_KEY))


def log(error: VerifyError) -> None:
    """Logs an error that an operator needs to see. No error holds a key, a code or a full number."""
    if not is_of_visitor(error):
        logger.error("a verification failed: %r", error)


class _Page(BaseView):
    """A form. The page shows the errors of the library."""

    def refused(self, form: Form, text: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
        """The page again, with an error."""
        form.add_error(None, text)
        return self.render_to_response(self.get_context_data(form=form), status=status, headers=headers or {})

    def failed(self, form: Form, error: VerifyError) -> HttpResponse:
        """The page again, with advice about the failure."""
        log(error)
        if isinstance(error, InvalidInputError):
            text = _("This number cannot get a code.") if error.field == "number" else _("That is not a code.")
        elif isinstance(error, RateLimitedError):
            text = _("Too many codes were asked for. Try again later.")
        elif is_of_visitor(error):
            text = _("That code is no longer good. Ask for a new one.")
        elif can_go_on(error):
            text = _("Something went wrong. If a code reaches you, enter it. If no code arrives, ask for a new one.")
        elif error.sms_possibly_sent:
            text = _("Something went wrong. If a code reaches you, it will not work. Ask for a new one.")
        else:
            text = _("Something went wrong. Try again later.")
        return self.refused(form, text, error.suggested_status, headers_of(error))


class NumberView(_Page):
    """Asks for the number and sends a code."""

    form_class = NumberForm
    template_name = "egoi_verify/number.html"

    def form_valid(self, form: Form) -> HttpResponse:
        """Sends one SMS."""
        number: str = form.cleaned_data["number"]
        try:
            id = conf.verifier().request(number, message=conf.message(), client=conf.client(self.request)).id
        except VerifyError as error:
            if not can_go_on(error):
                return self.failed(form, error)
            log(error)
            id = error.request_id or ""
        self.request.session[SESSION_KEY] = Pending(id=id, number=number)
        return redirect("egoi_verify:code")


class CodeView(_Page):
    """Asks for the code and checks it."""

    form_class = CodeForm
    template_name = "egoi_verify/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Sends a visitor without a request to the first page."""
        return (
            redirect("egoi_verify:number") if _pending(request) is None else super().dispatch(request, *args, **kwargs)
        )

    def form_valid(self, form: Form) -> HttpResponse:
        """Submits the code."""
        pending = cast(Pending, _pending(self.request))
        try:
            # The number is the session's, never the form's.
            outcome = conf.verifier().validate(
                pending["id"], form.cleaned_data["code"], number=pending["number"], client=conf.client(self.request)
            )
        except VerifyError as error:
            return self.failed(form, error)
        if outcome is Outcome.WRONG_CODE:
            return self.refused(form, _("That is not the code. Try again."), 400)
        if outcome is Outcome.TOO_MANY_ATTEMPTS:
            return self.refused(form, _("Too many wrong codes. Ask for a new one later."), 429)
        if not outcome.is_verified:
            return self.refused(form, _("That code is no longer good. Ask for a new one."), 410)
        del self.request.session[SESSION_KEY]
        # The session may do more from now on, so nobody who knew its name before may use it.
        self.request.session.cycle_key()
        return conf.verified()(self.request, pending["number"]) or redirect(conf.next_url())


class ResendView(View):
    """Sends another code and goes back to the page that asks for it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sends one SMS. The page for the code shows an error."""
        pending = _pending(request)
        if pending is None:
            return redirect("egoi_verify:number")
        try:
            conf.verifier().resend(pending["id"])
        except VerifyError as error:
            page = CodeView()
            page.setup(request)
            return page.failed(CodeForm({}), error)
        return redirect("egoi_verify:code")
