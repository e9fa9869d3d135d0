"""The HTTP side of the local server: paths, bodies, streams, and how each scripted fault looks on the wire."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from codex.agents.faults import Fault
from codex.agents.prices import builtin_prices
from codex.agents.replay_batches import batch_problem
from codex.agents.usage import estimated_tokens
from codex.agents.wire import (
    CALL_HEADER,
    ESTIMATED_HEADER,
    SENT_HEADER,
    as_message,
    error_body,
    event,
    request_problem,
    stream_events,
)
from codex.errors import CodexError, DataError

if TYPE_CHECKING:
    from codex.agents.replay_server import ReplayServer

_MESSAGES = "/v1/messages"
_BATCHES = "/v1/messages/batches"
_PING_SECONDS = 0.2


class Server(ThreadingHTTPServer):
    """One thread a connection, each of them ended with the process."""

    daemon_threads = True
    request_queue_size = 64
    replay: ReplayServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that has gone is no error of the server's
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection: the routes of the API that the backend calls, faults included."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: apart they cost 40 ms (Nagle and delayed acknowledgement)
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the base class)
        """The server writes its own log; nothing of a request's headers goes to standard error."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/v1/models":
            names = sorted(builtin_prices().prices)
            models = [{"type": "model", "id": name, "display_name": name} for name in names]
            return self._json(200, {"data": models, "has_more": False, "first_id": names[0], "last_id": names[-1]})
        if path == _BATCHES:
            return self._list_batches()
        if path.startswith(f"{_BATCHES}/"):
            return self._one_batch(*path.removeprefix(f"{_BATCHES}/").partition("/")[::2])
        return self._error(404, f"there is no {path} here")

    def do_POST(self) -> None:
        body = self._body()
        path = urlsplit(self.path).path
        if path == _BATCHES:
            return self._create_batch(body)
        if path not in {_MESSAGES, f"{_MESSAGES}/count_tokens"}:
            return self._error(404, f"there is no {self.path} here")
        counting = path.endswith("count_tokens")
        problem = request_problem({"max_tokens": 1, **body} if counting and isinstance(body, dict) else body)
        problem = problem or self.server.replay.meter_problem(body)
        if problem is not None:
            return self._error(400, problem)
        if counting:
            return self._json(200, {"input_tokens": estimated_tokens(body)})
        return self._answer(self.headers.get(CALL_HEADER, ""), body)

    def _body(self) -> Any:
        try:
            return json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        except ValueError:
            return None

    # --- messages --------------------------------------------------------------------------------------------------

    def _answer(self, label: str, body: Mapping[str, Any]) -> None:
        replay = self.server.replay
        fault = replay.arrived(label, body, self.headers.get(SENT_HEADER, ""))
        metered = replay.metered(body)
        time.sleep(replay.delay)
        if fault is not None and fault.instead:
            return self._instead(fault)
        try:
            turn = replay.answer(label, fault)
        except CodexError as exc:
            return self._error(400 if isinstance(exc, DataError) else 404, str(exc))
        message = replay.counted(turn.message, metered)
        identity = "msg_" + hashlib.sha256(label.encode()).hexdigest()[:24]
        marks = {ESTIMATED_HEADER: "1"} if turn.tokens_estimated else {}
        if not body.get("stream"):
            return self._json(200, as_message(message, identity), marks)
        return self._stream(stream_events(message, identity), marks, fault)

    def _instead(self, fault: Fault) -> None:
        if fault.do == "status":
            return self._error(fault.status, fault.message, fault.headers)
        if fault.do == "html":
            return self._send(200, b"<!doctype html><title>not the API</title>", "text/html")
        if fault.do == "silent":
            time.sleep(fault.seconds)
        self.close_connection = True
        return None

    def _stream(self, events: Iterator[bytes], headers: Mapping[str, str], fault: Fault | None) -> None:
        self.send_response(200)
        self._headers({"content-type": "text/event-stream", "transfer-encoding": "chunked", **headers})
        for number, data in enumerate(events):
            if fault is not None and fault.do == "bad_json":
                self._chunk(data.replace(b'"partial_json": "', b'"partial_json": "{oops '))
                continue
            if fault is not None and fault.answer(0) is None and number >= fault.after:
                return self._go_wrong(fault)
            self._chunk(data)
        self._chunk(b"")
        self.wfile.flush()
        return None

    def _go_wrong(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.do == "error_event":
            self._chunk(event("error", error=error_body(529, fault.message)["error"]))
        elif fault.do == "garbage":
            self._chunk(b"event: content_block_delta\ndata: {this is not JSON\n\n")
        elif fault.do == "end_early":
            self._chunk(b"")
        elif fault.do == "stall":
            until = time.monotonic() + fault.seconds
            while time.monotonic() < until:
                self._chunk(event("ping"))
                self.wfile.flush()
                time.sleep(_PING_SECONDS)
        self.wfile.flush()

    # --- batches ---------------------------------------------------------------------------------------------------

    def _create_batch(self, body: Any) -> None:
        replay = self.server.replay
        fault = replay.arrived("batches", {"messages": []})
        time.sleep(replay.delay)
        if fault is not None and fault.instead:
            return self._instead(fault)
        problem = batch_problem(body)
        if problem is not None:
            return self._error(400, problem)
        made = replay.batches.create(body["requests"], replay.url)
        if fault is not None and fault.do == "batch_lost":
            self.close_connection = True
            return None
        return self._json(200, made)

    def _list_batches(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        after, limit = asked.get("after_id", [None])[0], int(asked.get("limit", ["20"])[0])
        self._json(200, self.server.replay.batches.listed(self.server.replay.url, after, limit))

    def _one_batch(self, identity: str, what: str) -> None:
        replay = self.server.replay
        batch = replay.batches.get(identity)
        if batch is None or what not in {"", "results"} or (what and not batch.ended):
            return self._error(404, f"there is no {self.path} here")
        fault = replay.arrived(f"batches/{identity}", {"messages": []})
        if fault is not None and fault.instead:
            return self._instead(fault)
        if not what:
            return self._json(200, batch.described(replay.url))
        return self._send(200, b"".join(replay.batches.lines(batch)), "application/x-jsonl")

    # --- bytes -----------------------------------------------------------------------------------------------------

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _headers(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _error(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(error_body(status, message)).encode(), "application/json", headers or {})

    def _json(self, status: int, document: Any, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(document).encode(), "application/json", headers)

    def _send(self, status: int, data: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self._headers({"content-type": kind, "content-length": str(len(data)), **(headers or {})})
        self.wfile.write(data)
        self.wfile.flush()
