"""Commits that a person made by hand, put on top of another commit without merging any content.

A commit is carried over when every path that it changed is, there, what it was before the commit (or already what the
commit made of it): then its meaning is the same there, and nothing has to be guessed. Author, committer, times and
message stay as they are.
"""

from __future__ import annotations

from codex.errors import Conflict
from codex.gitio import Git
from codex.integration.gitstore import FileChange, differences, files_at, index_line, safe_environment, scratch_index

#: What a copy of a commit has in common with it, after its own id.
_TOLD = "%H%n%an%n%ae%n%ad%n%cn%n%ce%n%cd%n%B"


def title_of(git: Git, commit: str) -> str:
    """A commit for people: ``1a2b3c4d "first line of its message"``."""
    title = git.run("log", "-1", "--format=%s", commit).stdout.decode("utf-8", "replace").strip()
    return f'{commit[:12]} "{title}"'


def carried_over(git: Git, commit: str, parent: str, onto: str) -> str:
    """The id of a copy of the commit on top of ``onto``; nothing refers to it yet.

    Raises Conflict naming the paths when both sides changed them, or that the commit is signed.
    """
    raw = git.run("cat-file", "commit", commit).stdout
    head, _, message = raw.partition(b"\n\n")
    if b"\ngpgsig" in head:
        raise Conflict(f"{title_of(git, commit)} is signed, and a copy of it would not be", remedy=_aside(commit))
    tree = _tree(git, commit, differences(git, parent, commit), onto)
    kept = [line for line in head.split(b"\n") if not line.startswith((b"tree ", b"parent "))]
    lines = [f"tree {tree}".encode(), f"parent {onto}".encode(), *kept]
    body = b"\n".join(lines) + b"\n\n" + message
    return git.out("hash-object", "-t", "commit", "-w", "--stdin", stdin=body, env=safe_environment())


def is_carried(git: Git, commit: str, parent: str, there: str) -> bool:
    """True when a history (``there``, a range of commits) holds a copy of the commit, as ``carried_over`` makes it."""
    wanted = {change.path: _entry(change.new_mode, change.new) for change in differences(git, parent, commit)}
    return any(
        {path: found.get(path) for path in wanted} == wanted
        for copy in _alike(git, commit, there)
        for found in [files_at(git, copy, wanted)]
    )


def _alike(git: Git, commit: str, there: str) -> list[str]:
    """The commits of a range that have the same author, committer, times and message."""
    told = git.run("log", "--no-show-signature", "-z", "--date=raw", f"--format={_TOLD}", there, "--").stdout
    own = git.run("log", "-1", "--no-show-signature", "-z", "--date=raw", f"--format={_TOLD}", commit).stdout
    said = own.rstrip(b"\0").partition(b"\n")[2]
    records = (record.partition(b"\n") for record in told.split(b"\0"))
    return [name.decode() for name, _, rest in records if name and rest == said]


def _tree(git: Git, commit: str, changes: list[FileChange], onto: str) -> str:
    there = files_at(git, onto, [change.path for change in changes])
    open_ones = [c for c in changes if there.get(c.path) != _entry(c.new_mode, c.new)]
    clashes = [c.path for c in open_ones if there.get(c.path) != _entry(c.old_mode, c.old)]
    if clashes:
        raise Conflict(
            f"{title_of(git, commit)} changed {_some(clashes)}, and so did somebody else", remedy=_aside(commit)
        )
    with scratch_index(git) as env:
        git.run("read-tree", onto, env=env)
        lines = b"".join(index_line(c.path, _entry(c.new_mode, c.new)) for c in open_ones)
        git.run("update-index", "-z", "--index-info", stdin=lines, env=env)
        tree = git.out("write-tree", env=env)
    if {c.path for c in differences(git, onto, tree)} != {c.path for c in open_ones}:
        what = f"{title_of(git, commit)} has a file where there is a folder now, or the other way round"
        raise Conflict(what, remedy=_aside(commit))
    return tree


def _aside(commit: str) -> str:
    """How a person takes a commit out of the way, and back in when the others are pushed."""
    short = commit[:12]
    return (
        f"Set it aside (`git branch mine {short}`), take it out (`git rebase --onto {short}^ {short}`), push the rest "
        "(`codexctl integrate --push`), and put it back (`git cherry-pick mine`)."
    )


def _entry(mode: str | None, blob: str | None) -> tuple[str, str] | None:
    return (mode, blob) if mode is not None and blob is not None else None


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
