"""What codex.toml says about a pass's calls reaches the request; what is wrong in it is one clear sentence."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from codex.agents.breaker import Breaker, BreakerRules
from codex.agents.call import AgentCall
from codex.agents.failures import TurnFailed
from codex.agents.messages import build_body, opening_messages
from codex.agents.tools import WEB_BY_DEFAULT
from codex.campaign.ledger import Ledger
from codex.errors import Stopped, UserError
from codex.integration.init import init_workspace
from codex.passes.calls import next_call
from codex.passes.engine import run_pass
from codex.passes.services import Services
from codex.settings import load_settings
from codex.workspace import Workspace

from .helpers import TESTS

SUBJECT = "book:lawson-michelsohn-spin-geometry"
RECORDINGS = TESTS.parent / "manifests" / "pilot" / "recordings"


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return init_workspace(tmp_path_factory.mktemp("choices") / "pilot", campaign="pilot").root


def audit(root: Path, settings: str = "") -> AgentCall:
    (root / "codex.toml").write_text(settings, "utf-8")
    workspace = Workspace.open(root)
    return next_call(workspace, SUBJECT, "P1_audit")


def test_what_is_set_for_a_pass_reaches_its_call(pilot: Path) -> None:
    call = audit(
        pilot,
        '[agents.models.default]\nmodel = "claude-sonnet-5"\nmax_turns = 7\ncache = "1h"\nanswer_hours = 24\n'
        '[agents.models.P1_audit]\neffort = "high"\nmax_tokens = 9000\nfallbacks = ["claude-opus-5"]\n'
        "web = { web_search = 9 }\n",
    )
    assert (call.model, call.fallbacks, call.effort) == ("claude-sonnet-5", ("claude-opus-5",), "high")
    assert (call.max_tokens, call.max_turns, call.answer_seconds) == (9000, 7, 24 * 3600)
    assert (call.cache, dict(call.web), call.batch) == ("1h", {"web_search": 9}, False)
    assert call.pattern.startswith("audit v")
    body = build_body(call, [], opening_messages(call))
    assert body["output_config"] == {"effort": "high"}
    assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_audits_may_search_unless_they_are_told_not_to(pilot: Path) -> None:
    assert dict(audit(pilot).web) == WEB_BY_DEFAULT["P1_audit"]
    assert dict(audit(pilot, "[agents.models.P1_audit]\nweb = {}\n").web) == {}


def test_a_batched_pass_is_a_single_shot(pilot: Path) -> None:
    call = audit(pilot, "[agents.models.P1_audit]\nbatch = true\n")
    assert (call.batch, call.tools) == (True, ())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[agents.models.P1_audti]\nmodel = "claude-opus-5"\n', r"\[agents\.models\.P1_audti\] is for no pass"),
        ('[agents.models.P1_audit]\neffort = "much"\n', "effort is wrong"),
        ('[agents.models.P1_audit]\ncache = "2h"\n', "cache is wrong"),
        ("[agents.models.P1_audit]\nweb = { shell = 1 }\n", "shell"),
        ("[agents.models.P1_audit]\nweb = { web_search = -1 }\n", "web"),
        ('[agents.models.P1_audit]\nfallbacks = [""]\n', "fallbacks"),
        ("[agents.models.P1_audit]\nretries = 4\n", "there is no setting 'agents.models.P1_audit.retries'"),
        ("[breaker]\nfailures = 0\n", "failures is wrong"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(pilot: Path, settings: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        audit(pilot, settings)


def test_a_model_without_a_price_spends_nothing(pilot: Path) -> None:
    (pilot / "codex.toml").write_text('[agents.models.default]\nmodel = "mystery"\n', "utf-8")
    workspace = Workspace.open(pilot)
    with Services.open(workspace, "replay", recordings=RECORDINGS) as services:
        with pytest.raises(UserError, match="no price for model 'mystery'"):
            asyncio.run(run_pass(workspace, services, SUBJECT, "P1_audit"))
        assert services.journal.cost_lines() == []


def test_an_open_breaker_stops_the_run_and_counts_no_attempt(pilot: Path) -> None:
    (pilot / "codex.toml").write_text("[breaker]\nfailures = 2\ncooldown_seconds = 500\n", "utf-8")
    workspace = Workspace.open(pilot)
    with Services.open(workspace, "replay", recordings=RECORDINGS) as services:
        for _ in range(3):
            Breaker(services.journal, "replay").report(TurnFailed("status_5xx", "The API answered 500: down."))
        with pytest.raises(Stopped, match=r"nothing new is sent .* down\. Run the same command again") as caught:
            asyncio.run(run_pass(workspace, services, SUBJECT, "P1_audit"))
        assert services.journal.cost_lines() == []
        Breaker(services.journal, "replay").report(None)
    assert caught.value.exit_status == 4
    assert Ledger.load(workspace.snapshot()).attempts(SUBJECT, "P1_audit") == 0


def test_a_workspace_may_have_prices_of_its_own(pilot: Path) -> None:
    (pilot / "codex.toml").write_text('[agents.models.default]\nmodel = "in-house"\n', "utf-8")
    prices = pilot / "manifests" / "prices.json"
    prices.write_text('{"models": {"in-house": {"input": 1, "output": 1, "cache_write_5m": 1, "cache_read": 1}}}')
    workspace = Workspace.open(pilot)
    with Services.open(workspace, "replay", recordings=RECORDINGS) as services:
        asyncio.run(run_pass(workspace, services, SUBJECT, "P1_audit"))
        (line,) = services.journal.cost_lines()
    assert (line["model"], line["outcome"], line["pattern"][:7]) == ("in-house", "ok", "audit v")
    assert 0 < line["cost_usd"] < 1


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    page = (TESTS.parent / "docs" / "agents.md").read_text("utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "codex.toml").write_text(block, "utf-8")
    settings = load_settings(tmp_path / "codex.toml", {})
    assert settings.agents.for_pass("P5_verification").batch
    assert settings.agents.for_pass("P1_audit").fallbacks == ("claude-sonnet-5",)
    assert BreakerRules(settings.breaker.failures, settings.breaker.cooldown_seconds) == BreakerRules()
