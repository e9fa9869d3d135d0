"""Fixtures that the whole test suite shares."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture(scope="session")
def shared_corpus() -> Path:
    """The folder of the published corpus and its golden results; skips where it is absent."""
    if not (SHARED_CORPUS / "fasttrack.tar.zst").exists():
        pytest.skip("the published test corpus is not on this machine (../shared/corpus)")
    if shutil.which("zstd") is None:
        pytest.skip("zstd, which unpacks the published test corpus, is not installed")
    return SHARED_CORPUS


@pytest.fixture(scope="session")
def fasttrack(shared_corpus: Path) -> Path:
    """The published corpus unpacked once per machine, with the mutants beside ``content/``. Read-only by agreement."""
    archives = [shared_corpus / "fasttrack.tar.zst", shared_corpus / "mutants-dev.tar.zst"]
    stamp = hashlib.sha256(b"".join(a.read_bytes() for a in archives)).hexdigest()[:16]
    home = Path(tempfile.gettempdir()) / f"codex-test-corpus-{os.getuid()}-{stamp}"
    if not home.exists():
        unpacking = Path(tempfile.mkdtemp(prefix="codex-test-corpus-"))
        for archive, into in zip(archives, (unpacking, unpacking / "fasttrack"), strict=True):
            subprocess.run(f"zstd -dc '{archive}' | tar x -C '{into}'", shell=True, check=True)
        try:
            unpacking.rename(home)
        except OSError:  # another process was quicker
            shutil.rmtree(unpacking, ignore_errors=True)
    return home / "fasttrack"
