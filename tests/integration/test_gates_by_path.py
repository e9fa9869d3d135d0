"""Rules that codex.toml makes a gate for some paths bind where units are integrated."""

from __future__ import annotations

from pathlib import Path

import pytest

from codex.integration.init import init_workspace
from codex.integration.integrator import integrate
from codex.integration.proposal import Proposal, UnitChange
from codex.workspace import Workspace

UNIT = "content/03-modern-geometry/09-spin-geometry/03.09.02-clifford-algebra.md"
GATE = '\n[[check.paths]]\npath = "{path}"\ngate = ["XC001"]\n'


def deepened(workspace: Workspace) -> Proposal:
    """The Clifford unit with the ids taken out of its Connections section, which rule XC001 (level full) wants."""
    snapshot = workspace.snapshot()
    head, mark, rest = snapshot.text(UNIT).partition("## Connections [Master]")
    section, end, tail = rest.partition("\n## ")
    bare = "".join(character for character in section if character not in "[]")
    for other in ("01.01.03", "01.01.15", "03.01.04", "03.01.05", "03.03.03"):
        bare = bare.replace(other, "another unit")
    change = UnitChange(
        action="edit", id="03.09.02", slug="clifford-algebra", text=head + mark + bare + end + tail,
        expected_blob=snapshot.blobs()[UNIT],
    )  # fmt: skip
    return Proposal(
        subject="book:lawson-michelsohn-spin-geometry", pass_name="PW_weaving", title="Edit", base=snapshot.label,
        units=(change,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "taken"), [("content/03-modern-geometry/**", False), ("content/01-foundations/**", True)]
)
def test_a_gate_of_its_path_rejects_a_unit(tmp_path: Path, path: str, taken: bool) -> None:
    workspace = init_workspace(tmp_path / "pilot", campaign="pilot")
    settings = workspace.root / "codex.toml"
    settings.write_text(settings.read_text("utf-8") + GATE.format(path=path), "utf-8")
    [result] = integrate(workspace, [deepened(workspace)])
    assert (result.accepted == ("03.09.02",)) is taken, result
    assert taken or "XC001" in str(result.rejected)
