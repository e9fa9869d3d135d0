"""A local server that speaks the Messages API and Message Batches and answers from recordings.

It listens on 127.0.0.1 only and finds a recorded turn by the header ``x-codex-call: <address>/<turn>`` (within a batch:
by ``metadata.user_id``); what the request says otherwise is checked for form, as the real server would, and not
compared. Faults can be scripted (faults.py), and input can be counted as the provider's cache would have it
(cache_meter.py). As a process of its own:

    python -m codex.agents.replay_server --recordings DIR --port-file FILE
        [--log FILE] [--delay SECONDS] [--faults FILE] [--batch-seconds SECONDS] [--meter-cache]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from codex.agents.api_errors import MISSING
from codex.agents.cache_meter import CacheMeter, Metered, metered_message
from codex.agents.call import CallAddress
from codex.agents.faults import Fault, FaultScript, read_faults
from codex.agents.messages import prompt_sha256
from codex.agents.recording import RecordedTurn, Recordings
from codex.agents.replay_batches import BatchStore
from codex.agents.replay_http import Handler, Server
from codex.agents.wire import ESTIMATED_HEADER, as_message, error_body, request_problem
from codex.errors import CodexError, UserError


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
        batch_seconds: float = 0.0,
        meter: CacheMeter | None = None,
    ) -> None:
        self.recordings = Recordings(recordings)
        self.requests: Counter[str] = Counter()
        self.delay = delay
        self.batches = BatchStore(self._result, batch_seconds)
        self._meter = meter
        self._faults = FaultScript(faults)
        self._log = log
        self._lock = threading.Lock()
        try:
            self._http = Server(("127.0.0.1", port), Handler)
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

    def arrived(self, label: str, body: Mapping[str, Any], sent_as: str = "") -> Fault | None:
        """Count and log one request; returns the fault that strikes it."""
        with self._lock:
            self.requests[label] += 1
            if self._log is not None:
                entry = {"label": label, "seen": self.requests[label], "prompt_sha256": prompt_sha256(body)}
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry | ({"sent_as": sent_as} if sent_as else {})) + "\n")
            return self._faults.strike(label)

    def answer(self, label: str, fault: Fault | None) -> RecordedTurn:
        """The recorded turn ``<address>/<turn>``, or what a fault has in its place.

        Raises UserError or DataError with what to tell the client.
        """
        wrong = fault.answer(self.requests.total()) if fault else None
        if wrong is not None:
            return RecordedTurn(0, "", wrong, tokens_estimated=False, backend="local")
        return self.recorded(label)

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

    # --- counting as the provider's cache would ---------------------------------------------------------------------

    def meter_problem(self, body: Any) -> str | None:
        """What is wrong with the request's cache marks, where they are looked at."""
        return self._meter.problem(body) if self._meter and isinstance(body, Mapping) else None

    def metered(self, body: Mapping[str, Any]) -> Metered | None:
        return self._meter.arrived(body) if self._meter else None

    def counted(self, message: Mapping[str, Any], metered: Metered | None) -> Mapping[str, Any]:
        """The message with its input counted; from now on others can read what the request has left in the cache."""
        if self._meter is None or metered is None:
            return message
        self._meter.begun(metered)
        return metered_message(message, metered)

    # --- batches ----------------------------------------------------------------------------------------------------

    def _result(self, identity: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """What becomes of one request of a batch."""
        label = str((params.get("metadata") or {}).get("user_id", ""))
        fault = self.arrived(label, {"messages": [], **params}, identity)
        problem = request_problem(params)
        if fault is not None and fault.do == "batch_expired":
            return {"type": "expired"}
        if fault is not None and fault.do in {"batch_errored", "batch_failed"}:
            return _errored(400 if fault.do == "batch_errored" else 500, fault.message)
        if problem is not None:
            return _errored(400, problem)
        try:
            turn = self.answer(label, fault)
        except CodexError as exc:
            return _errored(400, str(exc))
        message = as_message(self.counted(turn.message, self.metered(params)), f"msg_{identity}")
        return {"type": "succeeded", "message": message | ({ESTIMATED_HEADER: "1"} if turn.tokens_estimated else {})}


def _errored(status: int, what: str) -> dict[str, Any]:
    return {"type": "errored", "error": error_body(status, what)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the port file appears once the port is open."""
    options = _options(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = ReplayServer(
            options.recordings,
            log=options.log,
            delay=options.delay,
            faults=read_faults(options.faults) if options.faults else [],
            port=options.port,
            batch_seconds=options.batch_seconds,
            meter=CacheMeter() if options.meter_cache else None,
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
    parser.add_argument("--batch-seconds", type=float, default=0.0, help="seconds that a Message Batch takes")
    parser.add_argument("--meter-cache", action="store_true", help="count input as the provider's cache would")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
