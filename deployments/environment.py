"""The environment in which Prefect is imported, in this process and in those that are started from it.

Prefect reads its settings when it is imported, so ``prepare`` comes before the first ``import prefect`` of a process.
Prefect's analytics are off everywhere. A server of our own keeps everything in the workspace (``PREFECT_HOME``), and
no profile or key of the person's reaches it; somebody else's server is used with the person's own profile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

#: Set in every process that imports Prefect.
ALWAYS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLI_PROMPT": "false",
    # What the engine's own loggers say belongs on the run's page.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "codex",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}

#: For a process whose console belongs to a person: logs go to the run's page, the console stays for the reporter.
#: Prefect prints the traceback of a failed flow at ERROR.
QUIET_CONSOLE = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL", "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL"}

#: The person's settings for other servers; with our own they would name a missing profile or send a key.
_NOT_FOR_OWN = ("PREFECT_PROFILE", "PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING")

#: Never through a proxy: a proxy cannot reach this machine's loopback.
_LOOPBACK = ("127.0.0.1", "localhost")


def environment(url: str, home: Path | None, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """A whole environment for a process that talks to the Prefect API at ``url``.

    ``home`` is the Prefect home of a server of our own; None for somebody else's server.
    """
    env = dict(base) | ALWAYS | {"PREFECT_API_URL": url}
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(dict.fromkeys([*filter(None, env.get(name, "").split(",")), *_LOOPBACK]))
    if home is not None:
        for name in _NOT_FOR_OWN:
            env.pop(name, None)
        env |= {"PREFECT_HOME": str(home), "PREFECT_SERVER_UI_API_URL": url}
    return env


def prepare(url: str, home: Path | None) -> None:
    """Make this process one that talks to the Prefect API at ``url``; call it before Prefect is imported."""
    wanted = environment(url, home) | QUIET_CONSOLE
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)
