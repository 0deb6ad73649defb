"""The facts that hold in every language: each file of ``tests/vectors``, as its ``about`` says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import NUMBER
from egoi_verify import (
    Client,
    InvalidInputError,
    Sandbox,
    SmsParts,
    VerifyError,
    code_in_sms,
    parse_number,
    sms_parts,
    with_app_hash,
    with_origin,
)

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"

Vector = dict[str, Any]


def each(file: str, part: str = "vectors") -> pytest.MarkDecorator:
    vectors: list[Vector] = json.loads((VECTORS / file).read_text())[part]
    return pytest.mark.parametrize("v", [pytest.param(vector, id=vector["name"]) for vector in vectors])


def joined(pieces: list[tuple[str, int]]) -> str:
    return "".join(piece * times for piece, times in pieces)


def assert_refused(error: InvalidInputError, field: str, fault: str) -> None:
    assert error.detail.startswith(f"`{field}` ")
    assert fault in error.detail
    assert (error.sms_possibly_sent, error.retry_is_safe, error.retry_after) == (False, False, None)


def test_every_file_of_vectors_is_read_here() -> None:
    source = Path(__file__).read_text()
    unread = {path.name for path in VECTORS.iterdir() if f'@each("{path.name}"' not in source}
    # The screen of an app, and what HTTP clients throw there, is a matter of phones.
    assert unread == {"session.json", "platform_errors.json"}


# Errors


@each("suggested_statuses.json")
def test_an_error_suggests_the_http_status_of_its_code(v: Vector) -> None:
    kinds = {kind.code: kind for kind in VerifyError.__subclasses__()}
    assert kinds[v["name"]]("").suggested_status == v["status"]


# Numbers


@each("numbers.json", "accepted")
def test_a_number_travels_the_same_however_it_was_written(v: Vector) -> None:
    assert {parse_number(spelling).e164 for spelling in v["spellings"]} == {v["number"]}


@each("numbers.json", "accepted")
def test_a_national_number_is_of_its_default_region(v: Vector) -> None:
    national = v.get("national", [])
    assert all(parse_number(n["text"], default_region=n["default_region"]).e164 == v["number"] for n in national)


@each("numbers.json", "accepted")
def test_a_number_has_a_type_and_a_country_if_it_tells_one(v: Vector) -> None:
    number = parse_number(v["number"])
    assert (number.country, number.type) == (v["country"], v["type"])


@each("numbers.json", "accepted")
def test_a_number_is_printed_masked(v: Vector) -> None:
    number = parse_number(v["number"])
    assert (str(number), number.masked) == (v["masked"], v["masked"])


@each("numbers.json", "accepted")
def test_a_number_is_its_calling_code_and_the_rest(v: Vector) -> None:
    number = parse_number(v["number"])
    assert number.e164 == v["number"]
    assert number.e164.startswith(f"+{number.calling_code}")


@each("numbers.json", "refused")
def test_what_is_no_number_is_refused(v: Vector) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_number(v["text"], default_region=v.get("default_region"))
    assert refused.value.reason == v["reason"]
    assert_refused(refused.value, "number", v["fault"])


# Codes


class Recorder:
    """A service that says to every code that it is right, and keeps it."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                recorder.codes.append(payload["code"])
                answer = json.dumps({"requestId": payload["requestId"], "status": "Verified"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        url = f"http://127.0.0.1:{self.server.server_port}"
        self.client = Client("key", "hash", api="v1", base_url=url)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    serving = threading.Thread(target=recorder.server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    yield recorder
    recorder.server.shutdown()
    serving.join()
    recorder.server.server_close()


@each("codes.json", "accepted")
def test_a_code_travels_normalised(recorder: Recorder, v: Vector) -> None:
    recorder.codes.clear()
    assert recorder.client.validate("1", v["given"]).is_verified
    assert recorder.codes == [v["code"]]


@each("codes.json", "refused")
def test_what_is_no_code_is_refused_and_does_not_travel(recorder: Recorder, v: Vector) -> None:
    recorder.codes.clear()
    with pytest.raises(InvalidInputError) as refused:
        recorder.client.validate("1", v["given"])
    assert_refused(refused.value, "code", v["fault"])
    assert recorder.codes == []


# Messages


@each("messages.json", "accepted")
def test_a_message_is_sent_with_the_code_in_every_place(v: Vector) -> None:
    with Sandbox(code=v["code"]) as sandbox:
        sandbox.client().request(NUMBER, message=joined(v["message"]), code_size=v["code_size"])
        assert sandbox.messages()[0].text == joined(v["text"])


@each("messages.json", "refused")
def test_a_message_past_a_limit_is_refused_and_not_sent(sandbox: Sandbox, v: Vector) -> None:
    with pytest.raises(InvalidInputError) as refused:
        sandbox.client().request(NUMBER, message=joined(v["message"]), code_size=v["code_size"])
    assert_refused(refused.value, "message", v["fault"])
    assert sandbox.messages() == []


# SMS


@each("sms_parts.json")
def test_parts_are_counted(v: Vector) -> None:
    assert sms_parts(joined(v["text"])) == SmsParts(v["encoding"], v["characters"], v["parts"])


@each("autofill.json")
def test_autofill_lines_are_added(v: Vector) -> None:
    call = {"with_origin": with_origin, "with_app_hash": with_app_hash}[v["call"]]
    if "error" in v:
        with pytest.raises(InvalidInputError) as refused:
            call(v["message"], v["argument"])
        assert_refused(refused.value, v["error"]["field"], v["error"]["detail"])
    else:
        assert call(v["message"], v["argument"]) == v["text"]


@each("code_in_sms.json")
def test_codes_are_read_from_texts(v: Vector) -> None:
    assert code_in_sms(v["text"], v["code_type"], v["code_size"]) == v["code"]
