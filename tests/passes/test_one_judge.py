"""A draft is judged once: the agent's tool, the gate of the pass and the integrator say the same of it.

The rules are those that codex.toml sets for the workspace, and the path is the one at which the unit would stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from codex.agents.lookup import draft_path
from codex.agents.tools import Toolbox
from codex.integration.integrator import integrate
from codex.integration.proposal import IntegrationResult, Proposal
from codex.passes.base import Verdict
from codex.passes.bookcontext import BookContext
from codex.passes.calls import make_context
from codex.passes.production import PRODUCTION
from codex.passes.weave import WEAVE
from codex.units import set_frontmatter_value
from codex.workspace import Workspace
from tests.integration.helpers import git
from tests.passes.worlds import SPIN, SUBJECT, World, planned, produced, production, spin_unit, weaving

SEPARATE = 'gate = ["XM001"]'  # a warning elsewhere, and the sound unit does not meet it


def on_disk(world: World, folder: Path, settings: str = "") -> Workspace:
    """The world as a workspace of its own, with a codex.toml."""
    for path in world.snapshot.blobs():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(world.snapshot.read(path))
    (folder / "codex.toml").write_text(settings, "utf-8")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "The corpus as it is")):
        git(folder, *command)
    return Workspace(folder)


def rules_by_path(line: str) -> str:
    return f'[[check.paths]]\npath = "content/03-modern-geometry"\n{line}\n'


class Draft:
    """A draft of the new unit in a workspace, as each of the three judges sees it."""

    def __init__(self, workspace: Workspace, reply: Mapping[str, Any]) -> None:
        made = make_context(workspace, None, workspace.snapshot(), SUBJECT, PRODUCTION, SPIN)
        assert isinstance(made, BookContext)
        self.workspace, self.context, self.reply = workspace, made, PRODUCTION.reply_model.model_validate(reply)
        self.text = str(reply["unit"])

    def tool(self) -> str:
        box = Toolbox(PRODUCTION.desk(self.context), self.context.policy)
        return box.run("check_draft", {"text": self.text}, PRODUCTION.tools).text

    def gate(self) -> Verdict:
        return PRODUCTION.gate(self.context, self.reply)

    def integrator(self) -> IntegrationResult:
        changes = PRODUCTION.changes(self.context, self.reply, Verdict())
        base = self.workspace.snapshot().label
        proposal = Proposal(subject=SUBJECT, pass_name="P4_production", title="Ship", base=base, units=changes.units)
        [result] = integrate(self.workspace, [proposal])
        return result


def test_a_rule_that_is_a_gate_there_stops_the_draft_before_it_is_proposed(tmp_path: Path) -> None:
    draft = Draft(on_disk(planned(), tmp_path, rules_by_path(SEPARATE)), production())
    assert "XM001" in draft.tool()
    verdict = draft.gate()
    assert [defect.code for defect in verdict.defects] == ["XM001"]
    assert verdict.figures == {"checks": "27/28"}
    [rejected] = draft.integrator().rejected
    assert [defect["code"] for defect in rejected.defects] == ["XM001"]
    assert rejected.detail.startswith("27/28")


def test_a_rule_that_is_not_judged_there_stops_nobody(tmp_path: Path) -> None:
    unknown = spin_unit().replace("prerequisites:\n- ", "prerequisites:\n- 09.09.09\n- ", 1)
    assert unknown != spin_unit()
    settings = rules_by_path('ignore = ["PR001", "RF001"]')
    draft = Draft(on_disk(planned(), tmp_path, settings), production(unit=unknown))
    assert "PR001" not in draft.tool()
    assert not draft.gate().defects
    assert draft.integrator().accepted == (SPIN,)


def test_what_is_a_warning_there_is_told_and_stops_nobody(tmp_path: Path) -> None:
    draft = Draft(on_disk(planned(), tmp_path, rules_by_path('select = ["XM001"]')), production())
    assert "**XM001** (warning)" in draft.tool()
    verdict = draft.gate()
    assert (verdict.defects, verdict.figures) == ((), {"checks": "27/27"})
    assert draft.integrator().accepted == (SPIN,)


def test_what_cannot_be_judged_here_is_no_draft_to_propose(tmp_path: Path) -> None:
    """The workspace has no archive to look a source up in; a new unit ships only when all its checks could be made."""
    text = set_frontmatter_value(
        spin_unit(), "references", [{"source": "lipschitz", "path": "1886.md", "locator": "2"}]
    )
    draft = Draft(on_disk(planned(), tmp_path), production(unit=text))
    assert "ships only when all are:\n- **RF002**" in draft.tool()
    assert [defect.code for defect in draft.gate().defects] == ["RF002"]
    [rejected] = draft.integrator().rejected
    assert (rejected.reason, [each["code"] for each in rejected.defects]) == ("not-judged", ["RF002"])


def test_the_environment_is_heard_by_all_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_CHECK_GATE", "full")
    leaking = "## Visual [Beginner]\n\n### The general case [Master]\n\nText.\n\n"  # rule XL001, of level full
    text = spin_unit().replace("## Visual [Beginner]\n", leaking)
    draft = Draft(on_disk(planned(), tmp_path), production(unit=text))
    assert "XL001" in draft.tool()
    verdict = draft.gate()
    [rejected] = draft.integrator().rejected
    assert [each.code for each in verdict.defects] == [each["code"] for each in rejected.defects] == ["XL001"]
    assert rejected.detail.startswith(str(verdict.figures["checks"]))


@pytest.mark.parametrize("binds", [True, False])
def test_weaving_may_not_lower_a_check_that_is_a_gate_there(tmp_path: Path, binds: bool) -> None:
    reply = weaving()
    first, *rest = reply["units"]
    [edit] = first["edits"]
    told = first | {"edits": [edit | {"text": f"{edit['text']} See also [09.09.09]."}]}
    workspace = on_disk(produced(), tmp_path, rules_by_path('gate = ["XR001"]') if binds else "")
    context = make_context(workspace, None, workspace.snapshot(), SUBJECT, WEAVE)
    assert isinstance(context, BookContext)
    verdict = WEAVE.gate(context, WEAVE.reply_model.model_validate(reply | {"units": [told, *rest]}))
    assert [(defect.where, defect.code) for defect in verdict.defects] == ([(SPIN, "XR001")] if binds else [])


# --- where it would stand ------------------


def test_the_tool_and_the_gate_look_at_the_place_where_the_integrator_puts_it(tmp_path: Path) -> None:
    """Front matter that names another chapter moves nothing: the unit stands beside those of its own chapter."""
    text = set_frontmatter_value(spin_unit(), "chapter", "12-elsewhere")
    settings = '[[check.paths]]\npath = "content/**/12-elsewhere"\ngate = ["XM001"]\n'
    draft = Draft(on_disk(planned(), tmp_path, settings), production(unit=text))
    place = draft_path(draft.context.snapshot, text)
    assert "XM001" not in draft.tool()
    assert not draft.gate().defects
    assert draft.integrator().accepted == (SPIN,)
    assert draft.workspace.snapshot().exists(place)
