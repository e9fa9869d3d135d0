"""codex.toml: every value has bounds, and an origin that can be told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from codex.errors import UserError
from codex.settings import Settings, load_settings


def load(tmp_path: Path, text: str, **environment: str) -> Settings:
    (tmp_path / "codex.toml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path / "codex.toml", environment)


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "codex.toml", {})
    assert (settings.git.push, settings.check.gate, settings.ownership.minutes) == (False, "core", 240)
    assert {origin for *_, origin in settings.values()} == {"default"}


def test_every_topic_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        commit.co_authors = ["A B <a@b.org>"]
        git = {remote = "origin", push = true}
        check.gate = "full"
        ownership.minutes = 30
        budget = {campaign_usd = "2000.50", tiers_usd = {"α" = 40}, books_usd = {"some-book" = "12.25"}}
        [agents]
        backend = "handoff"
        models.default = {model = "m", max_tokens = 1000}
        models.P1_audit = {max_tokens = 2000, withhold_tools = ["web"]}
        """,
    )
    assert settings.commit.co_authors == ("A B <a@b.org>",) and settings.git.remote == "origin"
    assert settings.budget.books_usd == {"some-book": Decimal("12.25")}
    audit = settings.agents.for_pass("P1_audit")
    assert (audit.model, audit.max_tokens, audit.max_turns, audit.withhold_tools) == ("m", 2000, None, ("web",))
    assert settings.agents.for_pass("P2_gap").max_tokens == 1000
    assert settings.origin("agents", "backend") == "codex.toml" and settings.origin("check", "report") == "default"


def test_the_environment_comes_first(tmp_path: Path) -> None:
    text = '[agents]\nbackend = "handoff"\n'
    settings = load(tmp_path, text, CODEX_AGENTS_BACKEND="replay", CODEX_GIT_PUSH="true", CODEX_OWNERSHIP_MINUTES="5")
    assert (settings.agents.backend, settings.git.push, settings.ownership.minutes) == ("replay", True, 5)
    assert settings.origin("agents", "backend") == "CODEX_AGENTS_BACKEND"
    assert ("git", "push", True, "CODEX_GIT_PUSH") in list(settings.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[git]\nremoet = 'x'\n", r"codex\.toml: there is no setting 'git\.remoet'"),
        ("[gti]\nremote = 'x'\n", r"there is no setting 'gti'"),
        ("[ownership]\nminutes = 0\n", r"ownership\.minutes is wrong"),
        ("[check]\ngate = 'most'\n", r"check\.gate is wrong"),
        ('[commit]\nco_authors = ["A\\nX: y <a@b>"]\n', r"commit\.co_authors\.0 is wrong"),
        ("[agents.models.P1_audit]\nmax_tokens = 1\n", r"agents\.models\.P1_audit\.max_tokens is wrong"),
        ("[agents.models.P1_audit]\ntemperature = 1\n", r"there is no setting 'agents\.models\.P1_audit\.temperature'"),
        ("[budget]\ncampaign_usd = -1\n", r"budget\.campaign_usd is wrong"),
        ("git = 3\n", r"git is wrong"),
        ("git = [\n", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        load(tmp_path, text)
    assert caught.value.exit_status == 2 and str(tmp_path) in caught.value.what


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"environment variable CODEX_OWNERSHIP_MINUTES: ownership\.minutes"):
        load(tmp_path, "", CODEX_OWNERSHIP_MINUTES="soon")


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "codex.toml").write_bytes(b"\xff")
    with pytest.raises(UserError, match="not valid TOML"):
        load_settings(tmp_path / "codex.toml", {})
    with pytest.raises(UserError, match="cannot be read"):
        load_settings(tmp_path, {})
