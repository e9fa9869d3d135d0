"""The local server, asked through the SDK and without it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anthropic
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codex.agents.messages import checked_message
from codex.agents.replay_server import ReplayServer
from codex.agents.wire import request_problem, stream_events
from codex.errors import UserError

from .helpers import ADDRESS, MODEL, SUBPROCESS, a_request, message, record, submit, text, use

HEADERS = {"x-codex-call": f"{ADDRESS}/1"}
PLAIN = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def server(recordings: Path, tmp_path: Path) -> Iterator[ReplayServer]:
    with ReplayServer(recordings, log=tmp_path / "log.jsonl") as running:
        yield running


@pytest.fixture
def client(server: ReplayServer) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0)


def test_the_sdk_gets_the_same_message_with_and_without_streaming(client, recordings: Path) -> None:
    recorded = message(text("∂² = 0 " * 700), use("read_unit", {"id": "03.09.02", "nested": {"a": [1, "é"]}}))
    record(recordings, ADDRESS, [recorded])
    whole = client.messages.create(**PLAIN, extra_headers=HEADERS)
    with client.messages.stream(**PLAIN, extra_headers=HEADERS) as stream:
        streamed = stream.get_final_message()
    for answer in (whole, streamed):
        assert checked_message(answer.model_dump(mode="json", exclude_unset=True)) == recorded


blocks = st.lists(
    st.one_of(
        st.builds(text, st.text(min_size=1)),
        st.builds(
            use,
            st.just("x"),
            st.dictionaries(st.text(), st.text() | st.integers(-(2**60), 2**60) | st.lists(st.text())),
            st.integers(),
        ),
        st.builds(lambda t: {"type": "thinking", "thinking": t, "signature": "s"}, st.text()),
        st.builds(lambda t: {"type": "redacted_thinking", "data": t}, st.text()),
    ),
    max_size=5,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(blocks)
def test_any_content_survives_the_wire(client, recordings: Path, content: list[dict]) -> None:
    record(recordings, ADDRESS, [message(*content, stop="end_turn")])
    with client.messages.stream(**PLAIN, extra_headers=HEADERS) as stream:
        answer = stream.get_final_message().model_dump(mode="json", exclude_unset=True)
    assert answer["content"] == content
    assert answer["usage"]["output_tokens"] == 50


def test_a_stream_is_cut_into_events(recordings: Path) -> None:
    events = list(stream_events(message(text("x" * 4500)), "msg_1"))
    kinds = [event.split(b"\n")[0].removeprefix(b"event: ").decode() for event in events]
    assert kinds == [
        "message_start", "ping", "content_block_start", *["content_block_delta"] * 3, "content_block_stop",
        "message_delta", "message_stop",
    ]  # fmt: skip


def test_tokens_can_be_counted_and_models_listed(client) -> None:
    assert client.messages.count_tokens(model=MODEL, messages=PLAIN["messages"]).input_tokens > 5
    assert MODEL in {model.id for model in client.models.list()}


def test_requests_are_counted_and_logged_without_any_header(client, server, recordings: Path, tmp_path: Path) -> None:
    record(recordings, ADDRESS, [message(submit())])
    for _ in range(2):
        client.messages.create(**PLAIN, extra_headers=HEADERS)
    assert server.requests == {f"{ADDRESS}/1": 2}
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [set(line) for line in lines] == [{"label", "seen", "prompt_sha256"}] * 2


@pytest.mark.parametrize("label", ["", "nonsense", "book:demo/P1_audit/1/x", "book:../../etc/P1/1/1", f"{ADDRESS}/7"])
def test_what_is_not_recorded_is_404_with_a_remedy(server: ReplayServer, label: str) -> None:
    answer = httpx.post(f"{server.url}/v1/messages", json=PLAIN, headers={"x-codex-call": label}, trust_env=False)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", json.dumps({**PLAIN, "messages": []}).encode()])
def test_a_malformed_request_is_refused_as_the_api_would(server: ReplayServer, body: bytes) -> None:
    answer = httpx.post(f"{server.url}/v1/messages", content=body, headers=HEADERS, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def talk(*turns: tuple[str, list[dict]]) -> dict:
    return {**PLAIN, "messages": [{"role": role, "content": content} for role, content in turns]}


RESULT = {"type": "tool_result", "tool_use_id": "toolu_a_1", "content": "x"}


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        (dict(a_request().body), True),
        (talk(("user", [text("a")]), ("assistant", [use("a", {})]), ("user", [RESULT])), True),
        (talk(("user", [text("a")]), ("assistant", [use("a", {})]), ("user", [text("no result")])), False),
        (talk(("user", [text("a")]), ("assistant", [text("b")]), ("user", [RESULT])), False),
        (talk(("user", [text("a")]), ("assistant", [])), False),
        (talk(("assistant", [text("a")])), False),
        ({**PLAIN, "max_tokens": 0}, False),
    ],
)
def test_the_form_of_a_conversation_is_checked(body: dict, fine: bool) -> None:
    assert (request_problem(body) is None) is fine


def test_unknown_paths_are_404(server: ReplayServer) -> None:
    assert httpx.get(f"{server.url}/v1/else", trust_env=False).status_code == 404
    assert httpx.post(f"{server.url}/v2", json=PLAIN, trust_env=False).status_code == 404


def test_it_listens_on_loopback_only(server: ReplayServer) -> None:
    assert server._http.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said_so(server: ReplayServer, recordings: Path) -> None:
    with pytest.raises(UserError, match=f"Port {server.port} cannot be used"):
        ReplayServer(recordings, port=server.port)


def test_answers_are_quick(client, recordings: Path) -> None:
    """Headers and body apart would cost 40 ms a call (Nagle and delayed acknowledgement)."""
    record(recordings, ADDRESS, [message(submit())])
    times = []
    for _ in range(10):
        started = time.perf_counter()
        client.messages.create(**PLAIN, extra_headers=HEADERS)
        times.append(time.perf_counter() - started)
    assert sorted(times)[2] < 0.03


def test_as_a_process_it_serves_until_told_to_stop(recordings: Path, tmp_path: Path) -> None:
    record(recordings, ADDRESS, [message(submit())])
    port = tmp_path / "port"
    faults = tmp_path / "faults.json"
    faults.write_text('[{"do": "status", "status": 529}]')
    arguments = ["--recordings", recordings, "--port-file", port, "--faults", faults]
    process = subprocess.Popen(
        [sys.executable, "-m", "codex.agents.replay_server", *map(str, arguments)], env=SUBPROCESS
    )
    while not port.exists():
        time.sleep(0.02)
    url = f"http://127.0.0.1:{int(port.read_text())}/v1/messages"
    codes = [httpx.post(url, json=PLAIN, headers=HEADERS, trust_env=False).status_code for _ in range(2)]
    assert codes == [529, 200]
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


def test_as_a_process_it_says_what_is_wrong(recordings: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        line = [
            sys.executable,
            "-m",
            "codex.agents.replay_server",
            "--recordings",
            str(recordings),
            "--port",
            str(taken.getsockname()[1]),
        ]
        done = subprocess.run(line, env=SUBPROCESS, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Port ")
    assert len(done.stderr.splitlines()) == 1
