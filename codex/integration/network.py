"""Git commands that talk to another machine: with a time limit, without questions, ended as a whole.

``git push`` starts ssh, helpers and, for a path, the receiving git. They get a process group of their own, so that
nothing of them outlives the limit and no password is asked for on the person's terminal.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

from codex.errors import StorageError
from codex.gitio import Git, git_environment
from codex.integration.gitstore import safe_environment

#: Seconds for a command that was asked to end; then it is killed.
_GRACE = 2.0
#: Longest answer of a remote that is shown.
_SHOWN = 300

_SETTINGS = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "credential.interactive=false")
_NO_QUESTIONS = {"GCM_INTERACTIVE": "never", "SSH_ASKPASS_REQUIRE": "never"}


class RemoteTrouble(StorageError):
    """The remote cannot be reached, is too slow, or turns down what it was asked; nothing changed here."""


def talk(git: Git, *args: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run a git command that uses the network, for at most ``seconds``; whatever its exit status.

    Raises RemoteTrouble when the time is over; the command and all that it started are ended then.
    """
    process = subprocess.Popen(
        ["git", "-C", str(git.root), *_SETTINGS, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=git_environment(_environment(git, seconds)),
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        raise RemoteTrouble(f"it did not answer within {seconds:g} s") from None
    except BaseException:  # an interrupt does not reach a group of its own by itself
        _end(process)
        raise
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """What a failed command said, on one line: the remote's own words when there are any."""
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    theirs = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    said = next((line for line in theirs if line), "") or next(
        (line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "no message"
    )
    plain = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return plain[:_SHOWN].rstrip(".")


def _environment(git: Git, seconds: float) -> dict[str, str]:
    """No hooks, no questions; ssh is told so unless the person has configured how it is to be called."""
    env = safe_environment(_NO_QUESTIONS)
    chosen = os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH")
    if not chosen and git.run("config", "core.sshCommand", check=False).returncode:
        env["GIT_SSH_COMMAND"] = f"ssh -o BatchMode=yes -o ConnectTimeout={max(int(seconds), 1)}"
    return env


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and whatever it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
