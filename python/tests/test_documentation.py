"""The docstrings: each type has an example, and those that can run say what they print."""

from __future__ import annotations

import doctest
import inspect

import egoi_verify
import pytest
from egoi_verify import VerifyError, _errors, _functions, _values, testing

TYPES = [
    kind
    for module in (egoi_verify, testing)
    for name in module.__all__
    # The subclasses of the base are used as it is.
    if inspect.isclass(kind := getattr(module, name)) and (kind is VerifyError or not issubclass(kind, VerifyError))
]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_a_type_has_an_example(kind: type) -> None:
    assert ">>> " in str(kind.__doc__) or "::\n" in str(kind.__doc__)


@pytest.mark.parametrize("module", [_errors, _functions, _values])
def test_an_example_prints_what_it_says(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_examples_run() -> None:
    assert sum(doctest.testmod(module).attempted for module in (_functions, _values)) > 15
