"""The pictures of README.md and docs/, taken anew: ``make pictures``.

The pilot runs in a temporary folder with a Prefect server of its own on a free port of 127.0.0.1; headless Chromium
opens the pages as a person would. Server, worker and browser end with the script, whatever happens.
"""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from browser import Browser, browser
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = Path(__file__).parent
BOOK = "lawson-michelsohn-spin-geometry"

#: The largest that a picture may be: they are part of the repository's history for ever.
MOST_BYTES = 250_000

#: The terminal in which `codexctl dashboard` is shown.
COLUMNS, LINES = 150, 48


def main() -> None:
    """Take all pictures; each replaces the file of its name in this folder."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with _campaign(home) as (workspace, url), browser(home / "profile") as shown:
            pictures = {
                "prefect-run": _run_page(shown, url),
                "prefect-scorecard": _scorecard(shown, url),
                "prefect-concurrency": _concurrency(shown, url),
                "dashboard-terminal": _terminal(shown, workspace, home / "terminal.html"),
                "dashboard": _dashboard(shown, workspace, home / "dashboard.html"),
            }
    for name, picture in pictures.items():
        if len(picture) > MOST_BYTES:
            raise SystemExit(f"{name}.png would have {len(picture):,} bytes; at most {MOST_BYTES:,} are allowed.")
    for name, picture in pictures.items():
        (HERE / f"{name}.png").write_bytes(picture)
        print(f"{name}.png  {len(picture):,} bytes")  # noqa: T201 (a script that tells what it did)


@contextmanager
def _campaign(home: Path) -> Iterator[tuple[Path, str]]:
    """The pilot run to its end, and the address of its Prefect server, which lives as long as the block.

    The server belongs to another workspace: it is there before the pilot is made, so that the curves of the pilot's
    dashboard begin with its run.
    """
    workspace, host, port = home / "campaign", home / "host", _unused_port()
    _codexctl("init", str(host), "--campaign", "pilot")
    try:
        _codexctl("up", "--port", str(port), "-w", str(host))
        _codexctl("pilot", str(workspace), PREFECT_API_URL=f"http://127.0.0.1:{port}/api")
        yield workspace, f"http://127.0.0.1:{port}"
    finally:
        _codexctl("down", "-w", str(host))


def _codexctl(*arguments: str, **environment: str) -> None:
    line = [_program(), *arguments]
    subprocess.run(line, env=_environment() | environment, check=True, stdout=subprocess.DEVNULL)


def _program() -> str:
    return shutil.which("codexctl", path=str(Path(sys.executable).parent)) or "codexctl"


def _environment() -> dict[str, str]:
    """The environment of this process without what would lead the command to another server, or to a bill."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "ANTHROPIC", "CODEX"))}


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Prefect's pages --------------------------------------------------------------------------------------------------


def _run_page(shown: Browser, url: str) -> bytes:
    """The run of the book: the graph of its tasks, and its first lines."""
    (run,) = httpx.post(f"{url}/api/flow_runs/filter", json={"flow_runs": {"name": {"any_": [BOOK]}}}).json()
    shown.open(f"{url}/runs/flow-run/{run['id']}", 1280, 800)
    shown.wait_for("document.body.innerText.includes('P1 audit: asking')")
    shown.wait_until_still(3)  # the graph is laid out in a worker of the page and then fades in
    return shown.picture()


def _scorecard(shown: Browser, url: str) -> bytes:
    """The scorecard, an artifact of that run."""
    wanted = {"artifacts": {"key": {"any_": [f"scorecard-{BOOK}"]}}}
    (artifact,) = httpx.post(f"{url}/api/artifacts/filter", json=wanted).json()
    shown.open(f"{url}/artifacts/artifact/{artifact['id']}", 1440, 1180)
    shown.wait_for("document.body.innerText.includes('Success criteria')")
    shown.wait_until_still()
    return shown.picture()


def _concurrency(shown: Browser, url: str) -> bytes:
    """The one slot of the campaign's integrator, above the limits of the deployments."""
    shown.open(f"{url}/concurrency-limits", 1180, 660)
    shown.wait_for("document.body.innerText.includes('codex-integrate-')")
    shown.wait_until_still()
    return shown.picture()


# --- the dashboards ---------------------------------------------------------------------------------------------------


def _terminal(shown: Browser, workspace: Path, file: Path) -> bytes:
    """What `codexctl dashboard` shows on a terminal, in its colours."""
    screen = Console(record=True, width=COLUMNS, file=(file.parent / "screen").open("w"))
    screen.print(Text.from_ansi(_on_a_terminal([_program(), "dashboard", "-w", str(workspace)])))
    page = screen.export_html(theme=MONOKAI, inline_styles=True)
    file.write_text(page.replace('<pre style="', '<pre style="margin:14px;font-size:13px;line-height:1.17;'), "utf-8")
    shown.open(file.as_uri(), 1230, 200)
    shown.wait_for("document.querySelector('pre') !== null")
    shown.wait_until_still()
    return shown.picture(int(shown.ask("document.documentElement.scrollHeight")))


def _on_a_terminal(command: list[str]) -> str:
    """What a command writes to a terminal of COLUMNS by LINES."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {**_environment(), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # Linux: the other end is closed
        pass
    finally:
        os.close(ours)
    if process.wait() != 0:
        raise SystemExit(written.decode("utf-8", "replace"))
    return written.decode("utf-8").replace("\r\n", "\n")


def _dashboard(shown: Browser, workspace: Path, file: Path) -> bytes:
    """The page that `codexctl dashboard --html` writes, down to the end of what was spent by pass."""
    _codexctl("dashboard", "-w", str(workspace), "--html", str(file))
    shown.open(file.as_uri(), 1400, 900)
    last = "[...document.querySelectorAll('section')].find(each => each.innerText.startsWith('Cost by pass'))"
    shown.wait_for(f"{last} !== undefined")
    shown.wait_until_still()
    return shown.picture(round(shown.ask(f"{last}.getBoundingClientRect().bottom")) + 8)


if __name__ == "__main__":
    main()
