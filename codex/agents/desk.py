"""The outside agent's side of a handoff call: use a tool, hand in the reply, see what waits (`codexctl call`)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codex.agents.messages import SUBMIT
from codex.agents.outbox import Outbox, Status, outboxes
from codex.errors import BackendError, StorageError, UserError

#: Most bytes that a file named in a reply may have.
FILE_BYTES = 5_000_000

_POLL = 0.1


@dataclass(frozen=True, slots=True)
class DeskAnswer:
    """What the engine said. ``ok`` is False when a tool or the reply's schema refused; ``over`` when the call ended."""

    text: str
    ok: bool
    over: bool = False


def find_call(home: Path, name: str) -> Outbox:
    """The call of that name, of that address, or the only one whose name has ``name`` in it; raises UserError."""
    boxes = list(outboxes(home))
    exact = [box for box in boxes if box.name == name or name == _address(box)]
    found = exact or [box for box in boxes if name in box.name]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} calls have {name!r} in their name" if found else f"There is no call {name!r}"
    raise UserError(f"{what}.", remedy="See `codexctl call list`.")


def _address(box: Outbox) -> str:
    status = box.status()
    return status.address if status else ""


def list_calls(home: Path) -> list[dict[str, Any]]:
    """Every call with its state, for people and scripts."""
    rows = []
    for box in outboxes(home):
        status = box.status()
        if status is not None:
            row = {"call": box.name, "address": status.address, "state": status.state, "turn": status.turn}
            rows.append({**row, "of": status.max_turns, "attended": status.attended, "detail": status.detail})
    return rows


def use_tool(box: Outbox, tool: str, arguments: Mapping[str, Any], patience: float) -> DeskAnswer:
    """Use a tool and wait for its result; raises BackendError when no run attends the call."""
    status = _status(box)
    if not status.is_open:
        raise BackendError(f"Call {box.name} is over ({status.state}).", remedy="See `codexctl call list`.")
    if not status.attended:
        raise _unattended(box, status)
    turn = _hand_in(box, tool, arguments, time.monotonic() + patience)
    return _answer_to(box, turn, time.monotonic() + patience)


def submit(box: Outbox, reply: Mapping[str, Any], patience: float) -> DeskAnswer:
    """Hand in the reply and wait for the verdict.

    With no run there it is kept for the run that goes on with this call; after the call's end it is kept as late.
    """
    status = _status(box)
    if not status.is_open:
        return _late(box, status, reply)
    if not status.attended:
        kept = box.put_new(f"inbox/{status.turn}.json", _turn(status, SUBMIT, reply))
        what = "Your reply is kept and will be used" if kept else "Another reply is already kept and will be used"
        return DeskAnswer(f"No run attends this call now. {what} when it goes on: {_start(status)}", ok=False)
    turn = _hand_in(box, SUBMIT, reply, time.monotonic() + patience)
    return _answer_to(box, turn, time.monotonic() + patience)


def _late(box: Outbox, status: Status, reply: Mapping[str, Any]) -> DeskAnswer:
    path = box.keep_late(_turn(status, SUBMIT, reply))
    if status.state != "finished":
        box.write_status(replace(status, state="late"))
    why = "already has its reply" if status.state == "finished" else f"is over ({status.state})"
    return DeskAnswer(f"Too late: this call {why}. Your reply is kept in {path} and not used.", ok=False, over=True)


def _status(box: Outbox) -> Status:
    status = box.status()
    if status is None:
        raise UserError(f"Call {box.name} has not been opened yet.", remedy="Wait a moment, then try again.")
    return status


def _turn(status: Status, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"for": status.asks, "use": {"name": name, "input": given}}


def _hand_in(box: Outbox, name: str, given: Mapping[str, Any], until: float) -> int:
    """Put the next turn into the inbox as soon as the engine waits for one; returns its number."""
    while True:
        status = _status(box)
        if not status.is_open:
            raise BackendError(f"Call {box.name} is over ({status.state}).", remedy=status.detail)
        if status.state == "waiting" and box.put_new(f"inbox/{status.turn}.json", _turn(status, name, given)):
            return status.turn
        _pause(box, status, until)


def _answer_to(box: Outbox, turn: int, until: float) -> DeskAnswer:
    while True:
        status = _status(box)
        blocks = box.read("results", f"{turn}.json")
        if blocks is not None and status.turn > turn:
            return _told(blocks)
        if not status.is_open:
            done = status.state == "finished"
            return DeskAnswer("Accepted." if done else f"{status.state}: {status.detail}", ok=done, over=True)
        _pause(box, status, until)


def _told(blocks: list[dict[str, Any]]) -> DeskAnswer:
    texts = [str(block.get("content") if block["type"] == "tool_result" else block.get("text")) for block in blocks]
    return DeskAnswer("\n".join(texts), ok=not any(block.get("is_error") for block in blocks))


def _pause(box: Outbox, status: Status, until: float) -> None:
    if not status.attended:
        raise _unattended(box, status)
    if time.monotonic() > until:
        raise BackendError(
            f"The run has not answered call {box.name} in time.", remedy="Try again with --wait SECONDS."
        )
    time.sleep(_POLL)


def _unattended(box: Outbox, status: Status) -> BackendError:
    return BackendError(f"No run attends call {box.name} now.", remedy=f"Start it again: {_start(status)}")


def _start(status: Status) -> str:
    kind, _, name = status.address.partition("/")[0].partition(":")
    return f"`codexctl run {name} --backend handoff`" if kind == "book" else "start the run that made the call."


# --- what is handed in ---------------------------------------------------------------------------------------------


def read_reply(path: Path) -> dict[str, Any]:
    """A reply file: a JSON object, its ``$file`` references replaced by texts from its own folder."""
    document = _json_object(_text_of(path), str(path))
    filled: dict[str, Any] = with_files(document, path.parent)
    return filled


def read_arguments(box: Outbox, tool: str, raw: str | None, pairs: list[str], files: list[str]) -> dict[str, Any]:
    """A tool's arguments from a JSON text, ``key=value`` pairs and ``key=path`` files; raises UserError."""
    given: dict[str, Any] = with_files(_json_object(raw, "ARGUMENTS"), Path.cwd()) if raw else {}
    types = _types(box, tool)
    for pair in pairs:
        key, value = _split(pair, "--arg")
        given[key] = value if types.get(key, "string") == "string" else _json(value, f"--arg {key}")
    for pair in files:
        key, value = _split(pair, "--file")
        given[key] = _text_of(Path(value))
    return given


def _types(box: Outbox, tool: str) -> dict[str, str]:
    """Argument name → JSON type, where the tool's schema names one plainly."""
    definitions = box.read("tools.json") or []
    schema: dict[str, Any] = next((item["input_schema"] for item in definitions if item["name"] == tool), {})
    return {key: str(value.get("type", "string")) for key, value in schema.get("properties", {}).items()}


def _split(pair: str, option: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not key or not equals:
        raise UserError(f"{option} {pair!r} is not key=value.", remedy=f"Write {option} key=value.")
    return key, value


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise UserError(f"{where} is not JSON: {exc}.", remedy="Mend it and try again.") from exc


def _json_object(text: str, where: str) -> dict[str, Any]:
    document = _json(text, where)
    if not isinstance(document, dict):
        raise UserError(f"{where} is not a JSON object.", remedy="Mend it and try again.")
    return document


def with_files(value: Any, folder: Path) -> Any:
    """The value with each ``{"$file": name}`` replaced by the text of that file of ``folder``; raises UserError."""
    if isinstance(value, dict):
        if set(value) == {"$file"}:
            return _text_of(_inside(folder, value["$file"]))
        return {key: with_files(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [with_files(item, folder) for item in value]
    return value


def _inside(folder: Path, name: Any) -> Path:
    """The file ``name`` of the folder: below it, and reached through no symbolic link."""
    home = folder.resolve()
    if isinstance(name, str) and "\0" not in name:
        plain = Path(os.path.normpath(home / name))
        if plain.is_relative_to(home) and plain.resolve() == plain:
            return plain
    raise UserError(f'{{"$file": {name!r}}} does not name a file inside {home}.', remedy="Put the file there.")


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            raise UserError(f"There is no file {path}.", remedy="Check the name.")
        if path.stat().st_size > FILE_BYTES:
            raise UserError(f"{path} has more than {FILE_BYTES:,} bytes.", remedy="Shorten it.")
        return path.read_text("utf-8")
    except UnicodeDecodeError as exc:
        raise UserError(f"{path} is not UTF-8 text.", remedy="Save it as UTF-8.") from exc
    except OSError as exc:
        raise StorageError(f"{path} cannot be read: {exc.strerror}.", remedy="Check its permissions.") from exc
