"""The few calls of Prefect's REST API that need no Prefect: health, version, deployments, work pools, limits.

Importing Prefect takes seconds; ``codexctl status`` takes none.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any

from codex.errors import UserError


class ServerProblem(UserError):
    """The Prefect server cannot be started, reached or asked."""


class _Busy(ServerProblem):
    """The server cannot do it at this moment."""


#: Seconds between tries of a call to a busy server.
_PAUSES = (0.2, 0.5, 1.0, 2.0)


class Api:
    """The Prefect API at ``url`` (with its ``/api``). ``timeout`` in seconds, for each call."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._open = urllib.request.build_opener(*_proxies(self.url)).open

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("PATCH", path, body)

    def reachable(self) -> bool:
        """Whether a Prefect API answers there. One that asks for credentials first counts as reachable."""
        try:
            with self._open(self._request("GET", "/health", None), timeout=self.timeout) as reply:
                return bool(reply.status == 200 and reply.read(64).strip() == b"true")
        except urllib.error.HTTPError as error:
            return error.code in {401, 403}
        except (OSError, ValueError, http.client.HTTPException):
            return False

    def version(self) -> str | None:
        """The server's version; None when it does not tell."""
        try:
            return str(self.get("/admin/version"))
        except ServerProblem:
            return None

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        """One call; a server that is busy (its database is locked) says 503, has done nothing, and is asked again."""
        for pause in _PAUSES:
            with suppress(_Busy):
                return self._once(method, path, body)
            time.sleep(pause)
        return self._once(method, path, body)

    def _once(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        try:
            with self._open(self._request(method, path, body), timeout=self.timeout) as reply:
                text = reply.read()
            return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            said = error.read(500).decode("utf-8", "replace")
            told = f"{method} {self.url}{path} was answered with {error.code}: {said}."
            raise (_Busy(told) if error.code == 503 else ServerProblem(told)) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ServerProblem(
                f"The Prefect server at {self.url} cannot be asked: {error}.", remedy="See `codexctl status`."
            ) from error

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> urllib.request.Request:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **_authorization()}
        return urllib.request.Request(self.url + path, data=data, headers=headers, method=method)


def _proxies(url: str) -> list[urllib.request.BaseHandler]:
    """No proxy for this machine; the environment's own for every other."""
    return [urllib.request.ProxyHandler({})] if "//127.0.0.1" in url or "//localhost" in url else []


def _authorization() -> dict[str, str]:
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {}
