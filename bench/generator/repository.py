"""Write a corpus into a new git repository, through ``fast-import``: one pack, one commit, the same id every time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from codex.gitio import Git

from .corpus import WHEN, Corpus

_WHO = b"Generator <generator@localhost>"


def write_repository(corpus: Corpus, folder: Path) -> str:
    """Make a repository at ``folder`` (new or empty) with the corpus committed and checked out; returns the commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git = Git(folder)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    git.run("fast-import", "--quiet", stdin=b"".join(_stream(corpus)), env={"GIT_CONFIG_NOSYSTEM": "1"})
    subprocess.run(
        ["git", "-C", str(folder), "-c", "core.fsync=none", "reset", "--quiet", "--hard"],
        check=True,
        env=os.environ | {"GIT_CONFIG_NOSYSTEM": "1"},
    )
    return git.out("rev-parse", "HEAD")


def _stream(corpus: Corpus) -> Iterator[bytes]:
    message = f"A generated corpus of {len(corpus.units)} units\n".encode()
    yield b"feature done\ncommit refs/heads/main\n"
    yield b"committer %b %d +0000\n" % (_WHO, int(WHEN.timestamp()))
    yield b"data %d\n%b\n" % (len(message), message)
    for path, data in corpus.files.items():
        yield b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)
    yield b"\ndone\n"
