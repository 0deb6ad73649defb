"""What the tests share."""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest
from egoi_verify import Sandbox
from support_program import PROGRAMS, VERSIONS, interpreter
from support_wire import Wire

# For what programs and tests share, and for Celery, which imports a task where it is asked for.
sys.path.append(str(PROGRAMS))

from loops import LOOPS

NUMBER = "+351 910 000 000"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as wire:
        yield wire


@pytest.fixture
def count() -> Callable[[int, int], int]:
    """How often to do what is done often: the short form in `make test`, the full count in `make soak`."""
    return lambda short, full: full if os.environ.get("EGOI_SOAK") == "1" else short


@pytest.fixture(params=LOOPS)
def new_loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Every kind of event loop, one after the other."""
    return LOOPS[request.param]


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Every interpreter that the wheel is for, one after the other."""
    version: str = request.param
    found = interpreter(version)
    if found is None:
        said = f"THERE IS NO PYTHON {version} ON THIS MACHINE: IT WAS NOT TESTED"
        warnings.warn(said, stacklevel=1)
        pytest.skip(said)
    return found
