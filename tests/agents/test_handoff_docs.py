"""docs/handoff.md is right: its commands, typed as they stand, take a real call of a real pass from brief to reply."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from codex.agents.call import CallAddress
from codex.agents.messages import SUBMIT
from codex.agents.recording import Recordings

from .helpers import SUBPROCESS, TESTS

DOCS = TESTS.parent / "docs" / "handoff.md"
RECORDINGS = Recordings(TESTS.parent / "manifests" / "pilot" / "recordings")
SUBJECT = "book:lawson-michelsohn-spin-geometry"

#: A run without Prefect: the audit is replayed, the gap analysis is left to whoever answers at the shell.
ENGINE = """
    import asyncio, sys
    from pathlib import Path
    from codex.integration.init import init_workspace
    from codex.integration.integrator import drain
    from codex.passes.engine import run_pass
    from codex.passes.services import Services

    home, recordings = Path(sys.argv[1]), Path(sys.argv[2])
    workspace, subject = init_workspace(home, campaign="pilot"), "book:lawson-michelsohn-spin-geometry"
    with Services.open(workspace, "replay", recordings=recordings) as services:
        asyncio.run(run_pass(workspace, services, subject, "P1_audit"))
    drain(workspace)
    with Services.open(workspace, "handoff") as services:
        result = asyncio.run(run_pass(workspace, services, subject, "P2_gap"))
    print(result.outcome, result.turns)
"""


def commands() -> str:
    (block,) = re.findall(r"^```sh\n(.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return block


def recorded_reply() -> dict:
    """What an agent once handed in for this call: the reader's own work."""
    blocks = RECORDINGS.turns(CallAddress(SUBJECT, "P2_gap", None, 1))[-1].message["content"]
    return next(block["input"] for block in blocks if block.get("name") == SUBMIT)


def await_call(home: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for path in (home / ".codex" / "state" / "handoff").glob("*/status.json"):
            if json.loads(path.read_text("utf-8"))["state"] == "waiting":
                return
        time.sleep(0.05)
    raise AssertionError("no call ever waited")


def test_the_commands_of_the_page_are_a_whole_round_trip(tmp_path: Path) -> None:
    home = tmp_path / "workspace"
    line = [sys.executable, "-c", textwrap.dedent(ENGINE), str(home), str(RECORDINGS.folder)]
    running = subprocess.Popen(line, env=SUBPROCESS, stdout=subprocess.PIPE, text=True)
    await_call(home)
    # the reader works outside of the corpus' folders, but within the workspace
    (home / "reply.json").write_text(json.dumps(recorded_reply()), "utf-8")
    path = os.pathsep.join((str(Path(sys.executable).parent), SUBPROCESS["PATH"]))
    done = subprocess.run(
        ["bash", "-e", "-x", "-c", commands()],
        env={**SUBPROCESS, "PATH": path}, cwd=home, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = done.stdout.splitlines()
    assert re.match(r"lawson-michelsohn-spin-geometry\.P2_gap\.1  waiting \(step 1 of \d+\)", shown[0])
    assert "units, best first:" in done.stdout
    assert "Vector space" in done.stdout
    assert shown[-1] == "Accepted."
    brief = (home / "brief.md").read_text("utf-8")
    for said in ("## Tools", "## Instructions", "## Task", "## Reply schema", "call lawson-michelsohn"):
        assert said in brief
    output, _ = running.communicate(timeout=60)
    assert output.split()[-1] == "3"  # two tool calls and a reply
    assert output.split()[0] in {"completed", "failed"}  # today's gate judges it; either way the round trip is whole
