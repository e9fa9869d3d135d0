"""A headless Chromium that opens pages and takes pictures of them, spoken to over the DevTools protocol on loopback."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

#: Debian calls it `chromium`, others `chromium-browser` or `google-chrome`.
NAMES = ("chromium", "chromium-browser", "google-chrome")

#: How long a page may take to show what is waited for.
SECONDS = 60.0


class Browser:
    """One tab. Sizes are in CSS pixels; a picture has as many."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol and its result; RuntimeError with the browser's own words."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=SECONDS))
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return dict(message["result"])

    def open(self, url: str, width: int, height: int) -> None:
        """Go to a page in a window of this size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=url)

    def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']['exception'].get('description')}")
        return found["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Until an expression is true in the page. TimeoutError with what the page shows instead."""
        until = time.monotonic() + SECONDS
        while not self.ask(f"document.readyState === 'complete' && ({script})"):
            if time.monotonic() > until:
                raise TimeoutError(f"{script} stays false; the page says: {self.ask('document.body.innerText')[:500]}")
            time.sleep(0.1)

    def wait_until_still(self, seconds: float = 1.0) -> None:
        """Until two pictures that are so far apart are the same: nothing moves, loads or fades in any more."""
        until, before = time.monotonic() + SECONDS, b""
        while (now := self.picture()) != before:
            if time.monotonic() > until:
                raise TimeoutError("the page does not come to rest")
            before = now
            time.sleep(seconds)

    def picture(self, height: int | None = None) -> bytes:
        """The window as a PNG; with ``height`` so much of the page from its top."""
        area: dict[str, Any] = {}
        if height:
            width = self.ask("innerWidth")
            area = {"clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=height is not None, **area)
        return base64.b64decode(shot["data"])


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in this folder; it ends with the block. FileNotFoundError without one."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise FileNotFoundError("No Chromium is installed (Debian: apt-get install chromium).")
    command = [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0",
        "--force-color-profile=srgb", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with closing(connect(_address(process, profile / "DevToolsActivePort"), max_size=None)) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(10)


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    """The WebSocket of the browser's first tab; the browser writes the port that it chose into a file."""
    until = time.monotonic() + SECONDS
    while not (told.exists() and told.read_text().count("\n")):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("Chromium did not start.")
        time.sleep(0.05)
    tabs = httpx.get(f"http://127.0.0.1:{told.read_text().split()[0]}/json/list").json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
