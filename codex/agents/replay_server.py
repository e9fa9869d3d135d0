"""A local server that speaks the Messages API and answers from recordings.

It listens on 127.0.0.1 only and finds a recorded turn by the header ``x-codex-call: <address>/<turn>``; what the
request says otherwise is checked for form, as the real server would, and not compared. Faults can be scripted
(codex/agents/faults.py). As a process of its own:

    python -m codex.agents.replay_server --recordings DIR --port-file FILE
        [--log FILE] [--delay SECONDS] [--faults FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from codex.agents.call import CallAddress
from codex.agents.faults import Fault, FaultScript, read_faults
from codex.agents.messages import estimated_tokens, prompt_sha256
from codex.agents.prices import builtin_prices
from codex.agents.recording import RecordedTurn, Recordings
from codex.agents.wire import as_message, error_body, event, request_problem, stream_events
from codex.errors import CodexError, DataError, UserError

#: The header that tells the local server which recorded turn is wanted. Sent to loopback addresses only.
CALL_HEADER = "x-codex-call"

#: Response header: the usage of this turn was estimated when it was recorded.
ESTIMATED_HEADER = "x-codex-tokens-estimated"

#: How the message of a 404 for a missing recording begins; the client tells it from any other 404 by this.
MISSING = "recording missing for "

_PING_SECONDS = 0.2


class ReplayServer:
    """The server, in threads of this process: ``with ReplayServer(folder) as server: … server.url``.

    ``requests`` counts requests by ``<address>/<turn>``, faulty ones included.
    """

    def __init__(
        self,
        recordings: Path,
        *,
        log: Path | None = None,
        delay: float = 0.0,
        faults: Iterable[Fault] = (),
        port: int = 0,
    ) -> None:
        self.recordings = Recordings(recordings)
        self.requests: Counter[str] = Counter()
        self.delay = delay
        self._faults = FaultScript(faults)
        self._log = log
        self._lock = threading.Lock()
        try:
            self._http = _Server(("127.0.0.1", port), _Handler)
        except OSError as exc:
            raise UserError(f"Port {port} cannot be used: {exc.strerror}.", remedy="Name another one.") from exc
        self._http.replay = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def arrived(self, label: str, body: Mapping[str, Any]) -> Fault | None:
        """Count and log one request; returns the fault that strikes it."""
        with self._lock:
            self.requests[label] += 1
            if self._log is not None:
                entry = {"label": label, "seen": self.requests[label], "prompt_sha256": prompt_sha256(body)}
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            return self._faults.strike(label)

    def recorded(self, label: str) -> RecordedTurn:
        """The recorded turn ``<address>/<turn>``; raises UserError or DataError with what to tell the client."""
        address, _, turn = label.rpartition("/")
        found = self.recordings.turn(CallAddress.parse(address), int(turn)) if turn.isdecimal() else None
        if found is None:
            raise UserError(
                f"{MISSING}{label or 'a request without its address'}.",
                remedy="Record it with `--backend handoff --record DIR`, or answer with another backend.",
            )
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    replay: ReplayServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that has gone is no error of the server's
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: apart they cost 40 ms (Nagle and delayed acknowledgement)
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the base class)
        """The server writes its own log; nothing of a request's headers goes to standard error."""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/v1/models":
            return self._error(404, f"there is no {self.path} here")
        names = sorted(builtin_prices().prices)
        models = [{"type": "model", "id": name, "display_name": name} for name in names]
        return self._json(200, {"data": models, "has_more": False, "first_id": names[0], "last_id": names[-1]})

    def do_POST(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        if path not in {"/v1/messages", "/v1/messages/count_tokens"}:
            return self._error(404, f"there is no {self.path} here")
        counting = path.endswith("count_tokens")
        problem = request_problem({"max_tokens": 1, **body} if counting and isinstance(body, dict) else body)
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

    def _answer(self, label: str, body: Mapping[str, Any]) -> None:
        replay = self.server.replay
        fault = replay.arrived(label, body)
        time.sleep(replay.delay)
        if fault is not None and fault.do in {"status", "hang_up", "html"}:
            return self._instead(fault)
        try:
            turn = replay.recorded(label)
        except CodexError as exc:
            return self._error(400 if isinstance(exc, DataError) else 404, str(exc))
        identity = "msg_" + hashlib.sha256(label.encode()).hexdigest()[:24]
        marks = {ESTIMATED_HEADER: "1"} if turn.tokens_estimated else {}
        if not body.get("stream"):
            return self._json(200, as_message(turn.message, identity), marks)
        return self._stream(stream_events(turn.message, identity), marks, fault)

    def _instead(self, fault: Fault) -> None:
        if fault.do == "status":
            return self._error(fault.status, fault.message, fault.headers)
        if fault.do == "html":
            return self._send(200, b"<!doctype html><title>not the API</title>", "text/html")
        self.close_connection = True
        return None

    def _stream(self, events: Iterator[bytes], headers: Mapping[str, str], fault: Fault | None) -> None:
        self.send_response(200)
        self._headers({"content-type": "text/event-stream", "transfer-encoding": "chunked", **headers})
        for number, data in enumerate(events):
            if fault is not None and number >= fault.after:
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the port file appears once the port is open."""
    options = _options(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        faults = read_faults(options.faults) if options.faults else []
        server = ReplayServer(
            options.recordings, log=options.log, delay=options.delay, faults=faults, port=options.port
        )
    except UserError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_status
    with server:
        if options.port_file is not None:
            temporary = options.port_file.with_name(f"{options.port_file.name}.{os.getpid()}.tmp")
            temporary.write_text(f"{server.port}\n", "ascii")
            temporary.replace(options.port_file)
        stop.wait()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m codex.agents.replay_server", description="Answer from recordings.")
    parser.add_argument("--recordings", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; default: any free one")
    parser.add_argument("--port-file", type=Path, help="file to write the port to")
    parser.add_argument("--log", type=Path, help="file to add one JSON line a request to")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds to wait before each answer")
    parser.add_argument("--faults", type=Path, help="JSON file of scripted faults")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
