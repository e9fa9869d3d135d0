"""The cache file: what it gives back, and that nothing done to it does harm."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.cache import store as module
from codex.cache.store import LAYOUT, Store

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    max_leaves=5,
)


def filled(path: Path, **values: Any) -> None:
    store = Store(path)
    for key, value in values.items():
        store.keep("k", key, value)
    store.save()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@given(st.dictionaries(st.text(st.characters() | st.just("\udcff")), JSON, max_size=5))
@settings(max_examples=30, deadline=None)
def test_what_was_kept_is_found_again(home: Path, values: dict[str, Any]) -> None:
    path = home / "cache"
    path.unlink(missing_ok=True)
    store = Store(path)
    for key, value in values.items():
        store.keep("k", key, value)
        store.keep("other", key, "no")
    assert store.load("k", values) == {}
    store.save()
    assert Store(path).load("k", [*values, "absent"]) == values
    assert Store(path).load_all("k") == values


def test_more_keys_than_one_statement_takes(tmp_path: Path) -> None:
    values = {str(number): number for number in range(1201)}
    filled(tmp_path / "c", **values)
    assert Store(tmp_path / "c").load("k", values) == values


def test_a_store_without_a_file_keeps_nothing() -> None:
    store = Store()
    store.keep("k", "a", 1)
    store.save()
    assert not store
    assert (store.load("k", ["a"]), store.load_all("k")) == ({}, {})


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 99)


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _scrambled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 7):
        data[at] ^= 0x55
    path.write_bytes(data)


def _other_layout(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {LAYOUT + 1}")


def _other_table(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE entries (something TEXT)")
        db.execute(f"PRAGMA user_version = {LAYOUT}")


@pytest.mark.parametrize("harm", [_garbage, _truncated, _scrambled, _other_layout, _other_table, Path.unlink])
def test_a_broken_file_gives_nothing_wrong_and_is_replaced(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "c"
    values = {f"key {number}": "x" * 300 for number in range(60)}
    filled(path, **values)
    harm(path)
    store = Store(path)
    assert store.load("k", values).items() <= values.items()
    store.keep("k", "new", 1)
    store.save()
    filled(path, **values)
    assert Store(path).load("k", values) == values


def test_a_row_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    filled(tmp_path / "c", a=1, b=2)
    with sqlite3.connect(tmp_path / "c") as db:
        db.execute("UPDATE entries SET value = CAST('3' AS BLOB) WHERE key = CAST('k:a' AS BLOB)")
    assert Store(tmp_path / "c").load_all("k") == {"b": 2}


def test_a_folder_in_its_place_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    store = Store(tmp_path / "c")
    assert store.load("k", ["a"]) == {}
    store.keep("k", "a", 1)
    store.save()
    assert (tmp_path / "c").is_dir()


@pytest.mark.parametrize("link", ["folder", "folder/c"])
def test_links_are_not_followed(tmp_path: Path, link: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c").write_text("mine")
    if "/" in link:
        (tmp_path / "folder").mkdir()
        (tmp_path / link).symlink_to(tmp_path / "elsewhere" / "c")
    else:
        (tmp_path / link).symlink_to(tmp_path / "elsewhere")
    filled(tmp_path / "folder" / "c", a=1)
    assert (tmp_path / "elsewhere" / "c").read_text() == "mine"


def test_a_file_that_another_run_holds_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "c", a=1)
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "c", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store = Store(tmp_path / "c")
    assert store.load("k", ["a"]) == {}
    store.keep("k", "b", 2)
    store.save()
    other.execute("ROLLBACK")
    other.close()
    assert Store(tmp_path / "c").load_all("k") == {"a": 1}


def test_beyond_its_size_what_was_not_used_for_longest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c"
    filled(path, **{f"old {number}": "x" * 2000 for number in range(50)})
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET day = day - 9")
    used = Store(path)
    assert len(used.load("k", ["old 7"])) == 1
    used.save()
    monkeypatch.setattr(module, "MAX_BYTES", 60_000)
    filled(path, new="y")
    left = Store(path).load_all("k")
    assert {"new", "old 7"} <= set(left)
    assert len(left) == 26


def test_many_runs_at_once(tmp_path: Path) -> None:
    """Processes and threads that write the same new file: all of it arrives or is done without, and none fails."""
    code = (
        "import sys; from pathlib import Path; from codex.cache.store import Store\n"
        "for n in range(8):\n"
        "    s = Store(Path(sys.argv[1])); s.load_all('k')\n"
        "    [s.keep('k', f'{sys.argv[2]} {n} {i}', 'x' * 100) for i in range(40)]; s.save()\n"
    )
    path = tmp_path / "c"
    command = [sys.executable, "-c", code, str(path)]
    running = [subprocess.Popen([*command, str(name)], stderr=subprocess.PIPE) for name in range(3)]
    threads = [threading.Thread(target=filled, args=(path,), kwargs={f"t{n}": n}) for n in range(4)]
    for thread in threads:
        thread.start()
    assert [(process.communicate()[1], process.returncode) for process in running] == [(b"", 0)] * 3
    for thread in threads:
        thread.join()
    found = Store(path).load_all("k")
    assert len(found) == 3 * 8 * 40 + 4


def test_a_run_that_is_killed_leaves_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "c"
    filled(path, **{f"before {number}": "x" * 500 for number in range(100)})
    code = (
        "import sys; from pathlib import Path; from codex.cache.store import Store\n"
        "print(flush=True)\n"
        "for n in range(10**6):\n"
        "    s = Store(Path(sys.argv[1])); [s.keep('k', f'{n % 9} {i}', [n % 9, i]) for i in range(300)]; s.save()\n"
    )
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as running:
            assert running.stdout and running.stdout.readline()
            time.sleep(0.05)
            running.kill()
        found = Store(path).load_all("k")
        before = [key for key in found if key.startswith("before")]
        assert len(before) == 100 and all(found.pop(key) == "x" * 500 for key in before)
        assert all(value == [int(part) for part in key.split()] for key, value in found.items())
