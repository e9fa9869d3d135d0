"""Commit messages: subject, pass and units by name; co-authors as configured; nothing in a title forges a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.errors import UserError
from codex.integration.integrator import integrate
from codex.integration.message import commit_message, proposal_of
from codex.integration.opening import open_workspace
from codex.integration.proposal import IntegrationResult, Proposal, RejectedUnit
from codex.workspace import Workspace

from .helpers import NOW, git, new_unit, proposal, unit_text

AUTHORS = '[commit]\nco_authors = ["Ada Lovelace <ada@example.org>", "Unit Writer <writer@example.org>"]\n'


def test_everything_is_named(workspace: Workspace) -> None:
    (workspace.root / "codex.toml").write_text(AUTHORS, encoding="utf-8")
    bad = new_unit("00.01.04", text=unit_text("00.01.04").replace("**Proof.** Write", "Clearly"))
    made = proposal(workspace, new_unit("00.01.03"), bad, title="Ship two")
    (result,) = integrate(open_workspace(workspace.root), [made], now=NOW)
    message = git(workspace.root, "log", "-1", "--format=%B", str(result.commit)).strip().splitlines()
    assert message[:4] == ["Ship two", "", "Subject: book:one", "Pass: P4_production"]
    assert "Unit 00.01.03: accepted" in message and "Unit 00.01.04: rejected (checks)" in message
    trailers = git(workspace.root, "log", "-1", "--format=%(trailers:only,unfold)").splitlines()
    assert trailers == [
        f"Codex-Proposal: {made.id}",
        "Codex-Units: 00.01.03",
        "Co-authored-by: Ada Lovelace <ada@example.org>",
        "Co-authored-by: Unit Writer <writer@example.org>",
    ]


@pytest.mark.parametrize("author", ["Ada", "Ada <a b>", "Ada <a>\\nSigned-off-by: x <y>", "<a@b>", "A <a@b> <c@d>"])
def test_what_is_no_author_is_a_wrong_configuration(workspace: Workspace, author: str) -> None:
    (workspace.root / "codex.toml").write_text(f'[commit]\nco_authors = ["{author}"]\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"codex\.toml: commit\.co_authors"):
        integrate(open_workspace(workspace.root), [proposal(workspace, new_unit("00.01.03"))], now=NOW)


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_title_and_no_pass_forges_a_trailer(title: str, pass_name: str) -> None:
    made = Proposal.model_construct(subject="campaign", pass_name=pass_name, title=title, base="b")
    rejected = RejectedUnit(id="00.01.03", reason="checks", detail="x")
    result = IntegrationResult(proposal="p", status="committed", accepted=("00.01.01",), rejected=(rejected,))
    try:
        message = commit_message(made, result, ["Ada <ada@example.org>"])
    except UnicodeEncodeError:  # half a character: it is refused before (spool.put)
        return
    lines = message.split("\n")
    assert len(lines[0]) <= 120 and lines[1] == "" and lines.count("") == 3
    assert [line.partition(":")[0] for line in lines[7:-1]] == ["Codex-Proposal", "Codex-Units", "Co-authored-by"]
    assert proposal_of(message) == made.id
