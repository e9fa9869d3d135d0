"""Is there a Prefect API at an address? Asked of real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deployments.api import Api, ServerProblem
from tests.conftest import unused_port


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Api]:
    """An HTTP server that gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Api(f"http://127.0.0.1:{server.server_port}/api", timeout=2)
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"true", True),
        (200, b"<html>a page of something else</html>", False),
        (401, b"", True),
        (403, b"", True),
        (404, b"", False),
        (500, b"", False),
    ],
)
def test_only_a_prefect_api_is_reachable(status: int, body: bytes, expected: bool) -> None:
    with answering(status, body) as api:
        assert api.reachable() is expected


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/api", "nonsense", "http://", "http://127.0.0.1:99999/api"])
def test_nothing_there_is_not_reachable(url: str) -> None:
    assert not Api(url.format(port=unused_port()), timeout=1).reachable()


def test_a_proxy_is_never_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    with answering(200, b"true") as api:
        assert api.reachable()


def test_what_goes_wrong_is_one_sentence() -> None:
    with answering(500, b"out of order") as api, pytest.raises(ServerProblem, match="answered with 500: out of order"):
        api.get("/admin/version")
    with pytest.raises(ServerProblem, match="cannot be asked"):
        Api(f"http://127.0.0.1:{unused_port()}/api").get("/admin/version")
    with answering(500, b"") as api:
        assert api.version() is None
