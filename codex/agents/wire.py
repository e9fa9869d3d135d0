"""The Messages API as bytes: a message as server-sent events, errors as JSON, and what a request must look like."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: The header that tells the local server which recorded turn is wanted. Sent to loopback addresses only.
CALL_HEADER = "x-codex-call"

#: The header that tells the local server under which id the turn was journaled, for its log.
SENT_HEADER = "x-codex-sent-as"

#: Response header (in a batch: a field of the message): the usage of this turn was estimated when it was recorded.
ESTIMATED_HEADER = "x-codex-tokens-estimated"

#: Characters of text or JSON sent in one event.
CHUNK = 2_000

#: HTTP status → the ``type`` of the API's error object.
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_body(status: int, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": ERROR_TYPES.get(status, "api_error"), "message": message}}


def event(kind: str, **data: Any) -> bytes:
    """One server-sent event; without its ``event:`` line clients would drop it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def as_message(message: Mapping[str, Any], identity: str) -> dict[str, Any]:
    """A recorded message as the API answers it without streaming."""
    return {"id": identity, "type": "message", "stop_sequence": None, **message}


def stream_events(message: Mapping[str, Any], identity: str) -> Iterator[bytes]:
    """A recorded message as the API streams it."""
    usage = dict(message["usage"])
    start = {
        **as_message(message, identity),
        "content": [],
        "stop_reason": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield event("message_start", message=start)
    yield event("ping")
    for index, block in enumerate(message["content"]):
        empty, deltas = _split(block)
        yield event("content_block_start", index=index, content_block=empty)
        for delta in deltas:
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield event("message_delta", delta=delta, usage={"output_tokens": usage.get("output_tokens", 0)})
    yield event("message_stop")


def _split(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as its empty beginning and the deltas that fill it; a block of another kind comes whole."""
    kind = block["type"]
    if kind == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in _parts(block["text"])]
    if kind in {"tool_use", "server_tool_use"}:
        text = json.dumps(block["input"], ensure_ascii=False)
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in _parts(text)]
    if kind == "thinking":
        thoughts = [{"type": "thinking_delta", "thinking": part} for part in _parts(block["thinking"])]
        seal = {"type": "signature_delta", "signature": block.get("signature", "")}
        return {**block, "thinking": "", "signature": ""}, [*thoughts, seal]
    return dict(block), []


def _parts(text: str) -> Sequence[str]:
    return [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)]


def request_problem(body: Any) -> str | None:
    """What the API would refuse a request for (400), as far as it matters here; None when it is well-formed."""
    if not isinstance(body, Mapping):
        return "the body is not a JSON object"
    if not isinstance(body.get("model"), str):
        return "model: field required"
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        return "max_tokens: must be a positive integer"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(_is_message(message) for message in messages):
        return "messages: each needs a role and a content that is not empty"
    if messages[0]["role"] != "user":
        return "messages: the first message must use the user role"
    return _unanswered_tools(messages)


def _is_message(message: Any) -> bool:
    return (
        isinstance(message, Mapping) and message.get("role") in {"user", "assistant"} and bool(message.get("content"))
    )


def _unanswered_tools(messages: Sequence[Mapping[str, Any]]) -> str | None:
    """Every tool_use must be answered by a tool_result in the message after it, and every result must have its use."""
    asked: set[str] = set()
    for number, message in enumerate(messages):
        blocks = message["content"] if isinstance(message["content"], list) else []
        answered = {block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"}
        if answered != asked:
            return f"messages.{number}: tool_use ids {sorted(asked ^ answered)} are not matched by tool_result blocks"
        asked = {block["id"] for block in blocks if block.get("type") == "tool_use"}
    return None
