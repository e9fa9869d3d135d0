"""The environment of a process that talks to Prefect."""

from __future__ import annotations

from pathlib import Path

from deployments.environment import environment

URL = "http://127.0.0.1:4200/api"


def test_analytics_are_off_everywhere() -> None:
    for home in (None, Path("/somewhere")):
        env = environment(URL, home, {})
        assert (env["PREFECT_SERVER_ANALYTICS_ENABLED"], env["DO_NOT_TRACK"]) == ("false", "1")
        assert env["PREFECT_API_URL"] == URL


def test_an_own_server_gets_nothing_of_the_persons_profile() -> None:
    theirs = {"PREFECT_PROFILE": "work", "PREFECT_API_KEY": "secret", "PREFECT_HOME": "/home/theirs", "PATH": "/bin"}
    env = environment(URL, Path("/ws/.codex/state/prefect"), theirs)
    assert not {"PREFECT_PROFILE", "PREFECT_API_KEY"} & set(env)
    assert env["PREFECT_HOME"] == "/ws/.codex/state/prefect"
    assert env["PREFECT_SERVER_UI_API_URL"] == URL, "or the page would call port 4200"
    assert env["PATH"] == "/bin"


def test_somebody_elses_server_is_used_with_the_persons_profile() -> None:
    theirs = {"PREFECT_PROFILE": "work", "PREFECT_API_KEY": "secret", "PREFECT_HOME": "/home/theirs"}
    env = environment("https://prefect.example.org/api", None, theirs)
    assert theirs.items() <= env.items()


def test_loopback_goes_through_no_proxy() -> None:
    env = environment(URL, None, {"NO_PROXY": "example.org,127.0.0.1"})
    assert env["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert env["no_proxy"] == "127.0.0.1,localhost"
