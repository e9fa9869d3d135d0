"""Repairs: what they change, what they leave alone, and that no check gets worse by them."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codex.check import SnapshotAnswers, UnitResult, check_corpus, check_unit
from codex.check.fix import REPAIRS, Repaired, repair_files
from codex.check.registry import RULES
from codex.check.rule import Example
from codex.check.samples import SAMPLE, SAMPLE_PATH, sample_snapshot
from codex.cli.app import run
from codex.cli.check_fix import diff_lines, write_if_unchanged
from codex.snapshot import Snapshot
from codex.units import parse_unit
from codex.units.frontmatter import split_frontmatter

THEOREM = "**Theorem.** The sum of two even numbers is even."
LONG = "- " + "word " * 100 + "end"


def repaired(data: bytes, path: str = SAMPLE_PATH, files: tuple[tuple[str, str | None], ...] = ()) -> Repaired | None:
    snapshot, _ = sample_snapshot(Example(files=files))
    [*found] = repair_files(snapshot.with_changes({path: data}), [path])
    return found[0] if found else None


def body_after(body: str) -> str:
    """The sample with this text at its end, repaired: what became of the text."""
    data = (SAMPLE + body).encode()
    found = repaired(data)
    return (found.after if found else data).decode().removeprefix(SAMPLE)


def test_nothing_to_repair() -> None:
    assert repaired(SAMPLE.encode()) is None
    assert repaired(b"\xff\r\n") is None


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("", "\ufeff", "start of file"),
        ("", "\n \n", "start of file"),
        ("\n", "\r\n", "line ends"),
        ("\n", "\r", "line ends"),
    ],
)
def test_the_file_as_a_whole(old: str, new: str, name: str) -> None:
    damaged = SAMPLE.replace(old, new) if old else new + SAMPLE
    found = repaired(damaged.encode())
    assert found
    assert (found.after.decode(), found.repairs, found.before) == (SAMPLE, (name,), damaged.encode())


def test_front_matter_that_ends_the_file_is_closed() -> None:
    found = repaired(b"---\nid: 00.01.07\nstatus: draft\n---", "content/a.md")
    assert found
    assert found.after == b"---\nid: 00.01.07\nstatus: draft\n---\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\nText. \n", "\nText.\n"),
        ("\nText.\t\n\n", "\nText.\n"),
        ("\nText.\n   \nMore.\n", "\nText.\n\nMore.\n"),
        ("\nA hard  \nbreak.\n", "\nA hard  \nbreak.\n"),
        ("\nNo break  \n\nhere.\n", "\nNo break\n\nhere.\n"),
        ("\n### Title  \nText.\n", "\n### Title\nText.\n"),
        ("\n    code  \n", "\n    code  \n"),
        ("\n```\ncode  \n```\n", "\n```\ncode  \n```\n"),
        ("\n~~~\ncode  \n~~~\n", "\n~~~\ncode  \n~~~\n"),
        ("\n<pre>\ncode  \n</pre>\n", "\n<pre>\ncode  \n</pre>\n"),
        ("\nA `span \nof code`.\n", "\nA `span \nof code`.\n"),
        ("\nText.", "\nText.\n"),
        ("\nText.\n\n\n", "\nText.\n"),
        ("\n```\ncode\n\n\n", "\n```\ncode\n\n\n"),
        ("\n$ x $ and $y $.\n", "\n$x$ and $y$.\n"),
        ("\n$\\text{if so} = $ done.\n", "\n$\\text{if so} =$ done.\n"),
        ("\n$x\\ $ stays.\n", "\n$x\\ $ stays.\n"),
        ("\nIt costs $ 5 and $ 6.\n", "\nIt costs $ 5 and $ 6.\n"),
        ("\n$ x $ costs \\$5.\n", "\n$ x $ costs \\$5.\n"),
        ("\n$ x $ and a lone $.\n", "\n$ x $ and a lone $.\n"),
        ("\nThe $n$-dimensional `$ x $`.\n", "\nThe $n$-dimensional `$ x $`.\n"),
        ("\n$$ x\n= y $$\n", "\n$$\nx\n= y\n$$\n"),
        ("\n $$x\n  = y,$$\n", "\n $$\n x\n  = y,\n $$\n"),
        ("\n$$x = y$$\n", "\n$$x = y$$\n"),
        ("\n$$\nx\n$$\n", "\n$$\nx\n$$\n"),
        ("\nSee $$x\ny$$\n", "\nSee $$x\ny$$\n"),
        (f"\n{LONG}\n{LONG}\n{LONG}\n", f"\n{LONG}\n\n{LONG}\n\n{LONG}\n"),
        (f"\nThree:\n{LONG}\n{LONG}\n{LONG}\n", f"\nThree:\n\n{LONG}\n\n{LONG}\n\n{LONG}\n"),
        (f"\n{LONG}  \n{LONG}\n{LONG}\n", f"\n{LONG}\n\n{LONG}\n\n{LONG}\n"),
        (f"\n{LONG}\n{LONG}\n", f"\n{LONG}\n{LONG}\n"),
        (f"\n{LONG * 3}\n{LONG}\n", f"\n{LONG * 3}\n{LONG}\n"),
        (f"\n<ul>\n{LONG}\n{LONG}\n{LONG}\n", f"\n<ul>\n{LONG}\n{LONG}\n{LONG}\n"),
    ],
)
def test_bodies(before: str, after: str) -> None:
    assert body_after(before) == after
    assert body_after(after) == after


def test_in_the_first_tier_lists_are_spread_sooner() -> None:
    snapshot, path = sample_snapshot(Example(" See [00.01.01] first.", f"\n\n{LONG}\n{LONG}"))
    [found] = repair_files(snapshot, [path])
    assert found.repairs == ("bullets",)
    assert f"{LONG}\n\n{LONG}".encode() in found.after


def test_front_matter_keeps_every_byte() -> None:
    damaged = SAMPLE.replace("title: Even numbers\n", "title: Even numbers  \n").replace(THEOREM, THEOREM + " ")
    found = repaired(damaged.encode())
    assert found
    assert found.after.decode() == damaged.replace(THEOREM + " ", THEOREM)


def test_a_repair_that_would_cost_a_check_is_left_out() -> None:
    """The heading's line and a blank one are one paragraph to PG001, which skips it; parted, the text is too long."""
    text = f"\n## More [Master]\n \n{'word ' * 260}end\n"
    assert body_after(text) == text


def test_a_file_does_not_become_a_second_unit_of_an_id() -> None:
    double = b"\xef\xbb\xbf---\nid: 00.01.01\nstatus: shipped\n---\n\nText.\n"
    assert repaired(double, "content/00-numbers/01-integers/00.01.01-other.md") is None
    new = double.replace(b"00.01.01", b"00.01.07")
    assert repaired(new, "content/00-numbers/01-integers/00.01.07-other.md")
    pending = (("manifests/deps.json", '{"edges": [], "pending": ["00.01.07"]}'),)
    assert repaired(new, "content/00-numbers/01-integers/00.01.07-other.md", pending) is None


def test_two_files_are_not_both_made_units_of_one_id() -> None:
    broken = b"\xef\xbb\xbf---\nid: 00.01.07\nstatus: shipped\n---\n\nText.\n"
    snapshot = sample_snapshot()[0].with_changes({"content/a.md": broken, "content/b.md": broken})
    assert [each.path for each in repair_files(snapshot, ["content/a.md", "content/b.md"])] == ["content/a.md"]


PIECES = st.sampled_from(
    [
        *("Text.", "  ", " ", "\t", "\n", "\n\n", "\n \n", "\r\n", "\r", "\ufeff", "$", "$$", "$ x $", "$$ x\n", "\\"),
        *("```", "~~~", "\n- a", LONG, "\n" + LONG, "\n    code ", "`", "## T [Master]", "### B [Beginner]\n", "<pre>"),
        *("</pre>", "---", "\n---\n", "obviously", "Hence ", "word " * 130, "|a| ", "<aside ", "[ref: x] ", "$x$-y"),
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from([0, 1, 2]), st.binary(max_size=2))
def test_no_check_that_passed_fails_afterwards(text: str, where: int, noise: bytes) -> None:
    head, _, rest = SAMPLE.partition("## Visual")
    whole = (text + SAMPLE, head + text + "\n\n## Visual" + rest, SAMPLE + text)[where].encode() + noise
    found = repaired(whole)
    if found is None:
        return
    snapshot, path = sample_snapshot()
    old, new = (_verdicts(_judged(snapshot.with_changes({path: data}), path)) for data in (whole, found.after))
    failing, passing = ({c for c, v in old.items() if v == verdict} for verdict in ("fail", "pass"))
    assert not old or {code for code, verdict in new.items() if verdict == "fail"} <= failing
    assert passing <= {code for code, verdict in new.items() if verdict == "pass"}
    assert repaired(found.after) is None
    if where == 2 and b"\r" not in whole:
        before, after = (split_frontmatter(data.decode()) for data in (whole, found.after))
        assert before and after
        assert whole.decode()[: before.end] == found.after.decode()[: after.end]


def _judged(snapshot: Snapshot, path: str) -> UnitResult:
    return check_unit(parse_unit(snapshot.read(path), path), SnapshotAnswers(snapshot), RULES)


def _verdicts(result: UnitResult) -> dict[str, str]:
    return {check.code: check.verdict for check in result.checks}


@given(st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_bytes_can_be_given(data: bytes) -> None:
    found = repaired(data, "content/x.md")
    assert found is None or found.after != data


def test_repairs_have_names_and_say_what_they_do() -> None:
    assert len({repair.name for repair in REPAIRS}) == len(REPAIRS) == 6
    assert all(repair.what for repair in REPAIRS)


# The command


def test_the_command_repairs_and_then_checks(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = workspace / SAMPLE_PATH
    file.write_bytes(SAMPLE.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    assert run(["check", "-w", str(workspace), "--fix", SAMPLE_PATH]) == 0
    out, err = capsys.readouterr()
    assert out == "1 unit: 1 pass, 0 fail; 27 of 27 checks passed.\n"
    assert err == f"repaired {SAMPLE_PATH}: line ends\n"
    assert file.read_bytes() == SAMPLE.encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(file.parent) == [name for name in os.listdir(file.parent) if name.endswith(".md")]


def test_a_diff_shows_and_writes_nothing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = workspace / SAMPLE_PATH
    damaged = (SAMPLE.replace(THEOREM, f"{THEOREM} ") + "\nLast.").encode()
    file.write_bytes(damaged)
    assert run(["check", "-w", str(workspace), "--fix", "--diff"]) == 1
    diff = capsys.readouterr().out
    assert f"-{THEOREM} \n+{THEOREM}\n" in diff
    assert "-Last.\n\\ No newline at end of file\n+Last.\n" in diff
    assert file.read_bytes() == damaged
    patched = subprocess.run(
        ["git", "apply", "-"], input=diff.encode(), cwd=workspace, capture_output=True, check=False
    )
    assert patched.returncode == 0, patched.stderr
    assert run(["check", "-w", str(workspace), "--fix", "--diff"]) == 0


def test_a_file_that_was_changed_meanwhile_is_left_alone(workspace: Path) -> None:
    file = workspace / SAMPLE_PATH
    assert not write_if_unchanged(file, Repaired(SAMPLE_PATH, b"before", b"after", ("x",)))
    assert file.read_bytes() == SAMPLE.encode()
    assert list(diff_lines(Repaired("a", b"1\n", b"2\n", ()))) == [
        "--- a/a\n",
        "+++ b/a\n",
        "@@ -1 +1 @@\n",
        "-1\n",
        "+2\n",
    ]


@pytest.mark.parametrize("arguments", [["--diff"], ["--fix", "--watch"], ["--watch", "--format", "json"]])
def test_calls_that_make_no_sense(workspace: Path, arguments: list[str]) -> None:
    assert run(["check", "-w", str(workspace), *arguments]) == 2


def test_repairing_the_sample_workspace_leaves_it_well() -> None:
    snapshot, _ = sample_snapshot()
    assert list(repair_files(snapshot, [*snapshot.under("content"), "manifests/deps.json"])) == []
    assert check_corpus(snapshot, [SAMPLE_PATH], level="full").exit_status() == 0
