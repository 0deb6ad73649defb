"""What travels between processes, and what says that it cannot."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from egoi_verify import AsyncClient, AsyncEngine, Client, Engine, Sandbox, VerifyError


@pytest.mark.parametrize("kind", VerifyError.__subclasses__(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_comes_back_from_a_pickle_with_all_its_fields(kind: type[VerifyError], protocol: int) -> None:
    error = kind("why", http_status=418, request_id="a1", retry_after=1.5, retry_is_safe=True, sms_possibly_sent=True)
    for back in pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error):
        assert type(back) is kind
        assert vars(back) == vars(error)
        assert (str(back), repr(back), back.args) == (str(error), repr(error), error.args)


def test_an_error_that_was_raised_leaves_its_cause_behind() -> None:
    with pytest.raises(VerifyError) as caught:
        Client("key", "1", base_url="http://127.0.0.1:9").ping()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    back = pickle.loads(pickle.dumps(caught.value))
    assert (repr(back), back.__cause__) == (repr(caught.value), None)


@pytest.mark.parametrize("kind", [Client, AsyncClient, Engine, AsyncEngine, Sandbox], ids=lambda kind: kind.__name__)
def test_what_holds_a_key_or_a_connection_refuses_to_be_pickled_and_says_why(kind: type, sandbox: Sandbox) -> None:
    making: dict[type, Callable[[], object]] = {
        Client: sandbox.client,
        AsyncClient: sandbox.async_client,
        Engine: lambda: Engine(print),
        AsyncEngine: lambda: AsyncEngine(print),
        Sandbox: lambda: sandbox,
    }
    made = making[kind]()
    ways: list[Callable[[object], object]] = [pickle.dumps, copy.copy, copy.deepcopy]
    for way in ways:
        with pytest.raises(TypeError, match=f"{kind.__name__} .* cannot be pickled; (make one|pass its url)"):
            way(made)
