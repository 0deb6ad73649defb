"""A Django app that proves a phone number. Install ``egoi-verify[django]``.

.. code-block:: python

    INSTALLED_APPS = [..., "egoi_verify.django"]
    EGOI_VERIFY = {"VERIFIER": "mysite.verifier", "VERIFIED": "mysite.number_is_proved"}

    urlpatterns = [path("phone/", include("egoi_verify.django.urls"))]

``EGOI_VERIFY`` has these settings, all optional but ``VERIFIED``:

- ``VERIFIER``: a :class:`~egoi_verify.Client` or :class:`~egoi_verify.Engine`, or the dotted path of one, or of a
  function that returns one. Without it ``Client.from_env()``.
- ``VERIFIED``: a function, or its dotted path. The app calls it with the request and the number (E.164) when the number
  is proved. It may return a response; otherwise the visitor is sent to ``NEXT``.
- ``CLIENT``: a function of the request that names who asks, or its dotted path, for ``sms_per_client`` and
  ``wrong_codes_per_client`` of an engine. Without it the address of the connection. Behind a proxy that is the proxy's.
- ``NEXT``: the next page after the proof; ``"/"`` if not given.
- ``MESSAGE``: the SMS, with ``{CODE}``.

Templates to replace: ``egoi_verify/number.html`` and ``egoi_verify/code.html``. ``manage.py check --deploy`` asks the
service with ``ping``, and ``manage.py egoi_sandbox`` starts a sandbox.
"""
