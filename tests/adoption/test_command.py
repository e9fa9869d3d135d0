"""``codexctl adopt`` and ``codexctl ledger rebuild`` on folders on disk."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from codex.campaign.ledger import CAMPAIGN, Ledger
from codex.campaign.verify import verify
from codex.cli.app import run
from codex.corpus import deps
from codex.integration.adoption.mend import mend
from codex.integration.integrator import integrate
from codex.workspace import Workspace
from tests.integration.helpers import fsck, git
from tests.integration.helpers import make_workspace as small_workspace

from .helpers import EDGES, IDS, NOW, edge, graph, path_of, sound, unit

OLD = (
    '{"books": {"one": {"tier": "beta", "status": "draft", "passes": {}, "passes": {"P1_audit": {"status": "done"}}}}}'
)
OFF = {
    deps.PATH: graph([*EDGES, edge("00.01.04", "["), edge("00.01.01", "00.01.02")], pending=["00.01.01"]),
    path_of(IDS[0]): unit(IDS[0]).replace("id: 00.01.01", 'id: "00.01.01"'),
    CAMPAIGN: OLD,
}
MENDED = ["quoted-ids", "ledger-of-another-age", "broken-edges", "doubled-edges", "stale-graph"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    files = sound() | {path: text.encode() for path, text in OFF.items()}
    for path, data in files.items():
        place = tmp_path / "corpus" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return tmp_path / "corpus"


@pytest.fixture
def repository(corpus: Path) -> Path:
    git(corpus, "init", "-q", "-b", "main")
    git(corpus, "add", "-A")
    git(corpus, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "The corpus")
    return corpus


def fingerprint(root: Path) -> dict[str, tuple[str, int]]:
    """Every file with its content's hash and its time of change, folders included."""
    found = {}
    for folder, _, names in os.walk(root):
        for path in [Path(folder), *(Path(folder) / name for name in names)]:
            data = path.read_bytes() if path.is_file() else b""
            found[str(path)] = (hashlib.sha256(data).hexdigest(), path.stat().st_mtime_ns)
    return found


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = run([str(argument) for argument in arguments])
    return status, *capsys.readouterr()


def test_looking_changes_nothing_and_names_what_to_do(capsys, corpus):
    before = fingerprint(corpus)
    status, out, err = call(capsys, "adopt", corpus)
    assert (status, err) == (0, "") and fingerprint(corpus) == before
    assert "1 edges with an end that is no id  [broken-edges, --write mends]" in out
    assert f"{deps.PATH}:15  '00.01.04' → '[' (shipped)" in out
    assert "1 draft (ledger: campaign.json of another age, without a log)" in out
    assert "Before that: Run `git init` there" in out


def test_the_document_for_programs(capsys, repository):
    before = fingerprint(repository)
    status, out, _ = call(capsys, "adopt", repository, "--format", "json", "--examples", "0", "-w", "ignored")
    assert status == 0 and fingerprint(repository) == before
    told = json.loads(out)
    assert [each["kind"] for each in told["findings"]] == [*MENDED[:2], "doubled-keys", *MENDED[2:]]
    assert all(each["repairable"] and len(each["examples"]) == each["count"] for each in told["findings"])
    assert told["units"]["units"] == 4 and told["units"]["sections"][0]["name"] == "00-numbers"
    assert told["books"] == {"ledger": "campaign.json of another age, without a log", "by_state": {"draft": 1}}
    assert told["written"] is None and told["broken"] == []


def test_write_mends_a_commit_a_kind_and_then_nothing_is_left(capsys, repository):
    status, out, _ = call(capsys, "adopt", repository, "--write", "--format", "json")
    told = json.loads(out)
    assert status == 0 and told["findings"] == [] and told["broken"] == []
    assert [each["kind"] for each in told["written"]] == MENDED
    titles = git(repository, "log", "--format=%s").splitlines()
    assert len(titles) == len(MENDED) + 1 and titles[0].startswith("Adopt: mend places of deps.json")
    assert git(repository, "status", "--porcelain") == "" and fsck(repository) == ""
    assert verify(Workspace(repository).snapshot()) == []
    report = (repository / "manifests/integration_report.md").read_text()
    assert "- broken-edges: edges with an end that is no id, removed: 1" in report
    head = git(repository, "rev-parse", "HEAD")
    status, out, _ = call(capsys, "adopt", repository, "--write")
    assert status == 0 and "0 commits." in out and "Nothing is off." in out
    assert git(repository, "rev-parse", "HEAD") == head


def test_write_for_people(capsys, repository):
    status, out, _ = call(capsys, "adopt", repository, "--write")
    assert status == 0 and "5 commits." in out and "broken-edges: 1 found before, 0 now" in out
    assert "mended by these as well: doubled-keys (1)" in out and "Nothing is off." in out


def test_only_some_kinds(capsys, repository):
    status, out, _ = call(capsys, "adopt", repository, "--write", "--only", "broken-edges", "--format", "json")
    assert status == 0 and [each["kind"] for each in json.loads(out)["written"]] == ["broken-edges"]
    assert json.loads(out)["findings"] == []
    _, out, _ = call(capsys, "adopt", repository, "--format", "json")
    assert [each["kind"] for each in json.loads(out)["findings"]] == [*MENDED[:2], "doubled-keys", *MENDED[3:]]
    skipped = [word for name in (*MENDED[:2], "doubled-keys") for word in ("--skip", name)]
    assert call(capsys, "adopt", repository, "--write", *skipped)[0] == 0
    _, out, _ = call(capsys, "adopt", repository, "--format", "json")
    assert [each["kind"] for each in json.loads(out)["findings"]] == [*MENDED[:2], "doubled-keys"]


def test_write_where_there_is_no_repository(capsys, corpus):
    before = fingerprint(corpus)
    status, out, err = call(capsys, "adopt", corpus, "--write")
    assert (status, out) == (2, "") and fingerprint(corpus) == before
    assert "is not a git repository" in err and "git init" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["adopt", "nowhere"], "There is no folder"),
        (["adopt", "/"], "is no corpus"),
        (["adopt", ".", "--only", "colours"], "no kind of finding 'colours'"),
        (["ledger", "rebuild", "--write", "--diff"], "Leave one of them out"),
    ],
)
def test_wrong_calls(capsys, monkeypatch, corpus, arguments, said):
    monkeypatch.chdir(corpus)
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "") and said in err and "Traceback" not in err


def test_uncommitted_edits_are_looked_at_and_never_written(capsys, repository):
    mine = (repository / deps.PATH).read_bytes() + b"\n"
    (repository / deps.PATH).write_bytes(mine)
    status, out, _ = call(capsys, "adopt", repository, "--write")
    assert status == 0 and f"{deps.PATH} was not checked out: it has uncommitted edits." in out
    assert (repository / deps.PATH).read_bytes() == mine


def test_a_kill_between_two_repairs_loses_nothing(monkeypatch, repository):
    workspace = Workspace.open(repository)
    monkeypatch.setattr("codex.integration.adoption.mend.integrate", lambda w, p, now: integrate(w, p[:1], now=now))
    with pytest.raises(ValueError, match="zip"):
        mend(workspace, now=NOW)
    monkeypatch.undo()
    assert [each.kind for each in mend(workspace, now=NOW)] == MENDED[1:]


# --- ledger rebuild ---------------------------------------------------------------------------------------------------


@pytest.fixture
def tampered(tmp_path: Path) -> Path:
    """A workspace whose committed campaign.json somebody edited."""
    root = small_workspace(tmp_path).root
    path = root / CAMPAIGN
    path.write_text(path.read_text().replace('"title": "One"', '"title": "Two"'))
    git(root, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "By hand")
    return root


def test_rebuild_shows_and_writes_what_the_log_gives(capfd, tampered):
    status, out, _ = call(capfd, "ledger", "rebuild", "--diff", "-w", tampered)
    assert status == 1 and '-      "title": "Two",' in out.splitlines() and '+      "title": "One",' in out.splitlines()
    edited = (tampered / CAMPAIGN).read_bytes()
    status, out, _ = call(capfd, "ledger", "rebuild", "-w", tampered)
    assert status == 0 and (tampered / CAMPAIGN).read_bytes() == edited
    status, said, _ = call(capfd, "ledger", "rebuild", "--write", "-w", tampered)
    assert status == 0 and said.startswith(f"{CAMPAIGN} was written from the log, in commit ")
    assert (tampered / CAMPAIGN).read_bytes() == out.encode() != edited
    assert git(tampered, "status", "--porcelain") == "" and fsck(tampered) == ""
    assert verify(Workspace(tampered).snapshot()) == []
    assert call(capfd, "ledger", "rebuild", "--diff", "-w", tampered)[:2] == (0, f"{CAMPAIGN} is what the log gives.\n")
    assert "nothing was written" in call(capfd, "ledger", "rebuild", "--write", "-w", tampered)[1]


def test_rebuild_does_not_trust_a_log_that_was_tampered_with(capsys, tampered):
    log = tampered / "manifests/campaign.log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"One"', b'"Six"'))
    git(tampered, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "By hand again")
    head = git(tampered, "rev-parse", "HEAD")
    status, _, err = call(capsys, "ledger", "rebuild", "--write", "-w", tampered)
    assert status == 2 and "The log cannot be trusted" in err and git(tampered, "rev-parse", "HEAD") == head
    status, out, _ = call(capsys, "ledger", "verify", "-w", tampered)
    event = Ledger.load(Workspace(tampered).snapshot()).events()[0].id
    assert status == 1 and out.startswith(f"manifests/campaign.log.jsonl, line 1 [{event}]: event 1 was changed")
    status, out, _ = call(capsys, "ledger", "verify", "-w", tampered, "--format", "json")
    assert json.loads(out)["problems"][0]["event"] == event


def test_rebuild_without_a_log_names_the_way(capsys, repository):
    status, _, err = call(capsys, "ledger", "rebuild", "--write", "-w", repository)
    assert status == 2 and "There is no log" in err and "adopt PATH --write" in err
