"""Two clones that meet at a remote: how the tests set them up, send, and look at what came of it."""

from __future__ import annotations

from pathlib import Path

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.integration import integrator
from codex.integration.integrator import integrate
from codex.workspace import Workspace

from .helpers import BOOK, NOW, fsck, git, new_unit, proposal

SETTINGS = '[git]\nremote = "origin"\npush = true\ntimeout_seconds = 20\n'
IDENTITY = ("-c", "user.name=p", "-c", "user.email=p@x")


def configure(workspace: Workspace, text: str) -> None:
    (workspace.root / "codex.toml").write_text(text, encoding="utf-8")
    exclude = workspace.root / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("codex.toml\n", encoding="utf-8")
    workspace.__dict__.pop("settings", None)


def ship(workspace: Workspace, unit_id: str, **more):
    (result,) = integrate(workspace, [proposal(workspace, new_unit(unit_id))], now=NOW, **more)
    return result


def without_network(workspace: Workspace, unit_id: str):
    """Integrate while the remote is out of reach."""
    return ship(workspace, unit_id, push=False)


def send(workspace: Workspace, **more) -> list[str]:
    notes, problem = integrator.send(workspace, **more)
    return notes + [problem] * bool(problem)


def commit_by_hand(workspace: Workspace, name: str, text: str = "mine\n") -> str:
    (workspace.root / name).write_text(text, encoding="utf-8")
    git(workspace.root, "add", name)
    git(workspace.root, *IDENTITY, "commit", "-qm", f"Hand: {name}", "--", name)
    return git(workspace.root, "rev-parse", "HEAD")


def shipped(workspace: Workspace) -> list[str]:
    events = Ledger.load(workspace.snapshot()).events(BOOK)
    return [str(e.unit) for e in events if e.kind == "unit_shipped"]


def assert_whole(workspace: Workspace, remote: Path) -> None:
    assert git(remote, "rev-parse", "main") == git(workspace.root, "rev-parse", "HEAD")
    assert git(workspace.root, "status", "--porcelain") == ""
    assert git(workspace.root, "rev-list", "--merges", "HEAD") == ""
    assert verify(workspace.snapshot()) == [] and fsck(workspace.root) == "" and fsck(remote) == ""
    assert len(set(shipped(workspace))) == len(shipped(workspace))
