"""The command line as a person or a script runs it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

#: Settings of the process that runs the tests that a command is not to see.
_FOREIGN = ("PREFECT", "ANTHROPIC", "CODEX")


def codexctl(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line without any Prefect, Anthropic or Codex settings of this process."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)} | environment
    command = [sys.executable, "-m", "codex.cli", *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=180)
