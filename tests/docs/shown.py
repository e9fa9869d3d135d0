"""Every command that README.md, CONTRIBUTING.md and docs/ show, and what runs it.

A command that a page shows and this table lacks fails the suite, and so does a row that no page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

BOOK = "lawson-michelsohn-spin-geometry"

#: make without the recipe that would build the .venv in which the tests run.
MAKE = "make -o install -o .venv/.installed"


@dataclass(frozen=True)
class Typed:
    """Typed here in the pilot's workspace, with its book at ``in-production`` or (``covered``, a soak test) at its end.

    ``says`` stands in what it prints; ``instead`` is what is typed for a command with placeholders; ``first`` is a line
    that is typed before it. A command that ``waits`` leaves its calls to whoever answers: it is interrupted when the
    first one is listed.
    """

    says: str
    status: int = 0
    instead: str = ""
    first: str = ""
    covered: bool = False
    waits: bool = False


@dataclass(frozen=True)
class ByTest:
    """Run by another test, ``path::name``, whose source holds the command's words."""

    test: str


@dataclass(frozen=True)
class TypedThere:
    """A line of the one ``sh`` block of a page, all of which that test types as it stands."""

    page: str
    test: str


@dataclass(frozen=True)
class Walked:
    """A line of CONTRIBUTING.md's walk, which tests/docs/test_contributing.py follows."""


@dataclass(frozen=True)
class Recipe:
    """A line of a make target's recipe, which that walk types."""

    target: str


@dataclass(frozen=True)
class Left:
    """Not run by a test, and why. A target of make is there all the same."""

    why: str


Row = Typed | ByTest | TypedThere | Walked | Recipe | Left

_NAMED = Left("git's own; the sentence names it for a person's repository")
#: What docs/operating.md has the reader write into the new campaign's codex.toml.
_CEILING = """printf '[budget]\\nbooks_usd = { "shilov-linear-algebra" = "50" }\\n' > ../campaign/codex.toml"""
_ANSWER = f"codexctl escalations answer {BOOK}"
_HANDOFF = TypedThere(
    "docs/handoff.md", "tests/agents/test_handoff_docs.py::test_the_commands_of_the_page_are_a_whole_round_trip"
)

#: In the order in which they are typed: a later one may need what an earlier one has done.
SHOWN: dict[str, Row] = {
    # --- looking, anywhere
    "codexctl": Typed("What you can do next"),
    "codexctl doctor": Typed("python"),
    "codexctl init ../campaign": Typed("93 rows in the booklist"),
    "codexctl -w ../campaign audit-next --ft-entry 1.01 --brief-only": Typed("Linear Algebra"),
    "codexctl adopt ../curriculum": Typed("What is off"),
    "codexctl adopt PATH": Typed("What is off", instead="codexctl adopt ../curriculum"),
    "codexctl adopt": Typed("Nothing was written"),
    "codexctl adopt ../curriculum --write": Typed("stale-flags"),
    "codexctl adopt PATH --write": Typed("Nothing", instead="codexctl adopt ../curriculum --write"),
    # --- looking, with the book at in-production
    "codexctl status": Typed("worker  not running", status=1),
    "codexctl dashboard": Typed("Burn-down"),
    "codexctl dashboard --html campaign.html": Typed("campaign.html"),
    "codexctl dashboard --format json": Typed('"burn_down"'),
    "codexctl escalations list": Typed("Nothing waits for a person."),
    "codexctl plan": Typed("the first 3 of the queue"),
    "codexctl plan --explain 03.09.04": Typed("place 2 of 3"),
    "codexctl plan --batch 4": Typed("critical path"),
    "codexctl plan --compare": Typed("bullets that only extended reads"),
    "codexctl brief production 03.09.03": Typed("The groups Pin and Spin"),
    f"codexctl brief gap {BOOK}": Typed("book:lawson-michelsohn-spin-geometry/P2_gap"),
    "codexctl brief gap 3.35 --format json": Typed('"call": "book:'),
    "codexctl brief PASS SUBJECT": Typed("/P1_audit/", instead="codexctl brief audit 1.01"),
    "codexctl run shilov-linear-algebra --dry-run": Typed("never more than $50.00"),
    "codexctl produce-next --brief-only": Typed("P4_production"),
    "codexctl call list": Typed("No calls"),
    "codexctl check": Typed("6 pass, 0 fail"),
    "codexctl check --level full": Typed("6 pass, 0 fail"),
    "codexctl check --explain CODE": Typed("To repair:", instead="codexctl check --explain XR001"),
    "codexctl continuity": Typed("backward_density"),
    "codexctl graph --unit ID": Typed("all dependants", instead="codexctl graph --unit 03.09.02"),
    "codexctl connections list": Typed("Nothing waits for a decision."),
    "codexctl ledger show": Typed("in-production"),
    "codexctl ledger log": Typed("pass_completed"),
    "codexctl ledger verify": Typed("The ledger is whole"),
    "codexctl ledger rebuild": Typed('"books"'),
    "codexctl ledger rebuild --diff": Typed("is what the log gives"),
    "codexctl costs": Typed(BOOK),
    "codexctl costs --by pass": Typed("P2_gap"),
    "codexctl costs --by pattern": Typed("Passed at once"),
    "codexctl costs --forecast": Typed("Estimate of what is left"),
    "codexctl recover BOOK --dry-run": Typed("Nothing has failed", 2, f"codexctl recover {BOOK} --dry-run"),
    f"codexctl recover {BOOK} --dry-run": ByTest(
        "tests/flows/test_recover.py::test_the_command_says_what_would_be_redone_and_changes_nothing"
    ),
    "git log --stat": Typed("Codex-Proposal"),
    "git -C pilot log --stat": Typed("Codex-Proposal", instead="git -C ../pilot log --stat"),
    'export PATH="$PWD/../.venv/bin:$PATH"': Typed(
        "/../.venv/bin", instead='export PATH="$PWD/../.venv/bin:$PATH" && echo "$PATH"'
    ),
    # --- named in a sentence, without what they need
    **{
        f"codexctl {name}": Typed(f"Usage: codexctl {name}", instead=f"codexctl {name} --help")
        for name in ("call", "connections", "integrate", "recover", "run")
    },
    # --- writing
    'codexctl ledger register book:lee-smooth-manifolds --title "Lee, Smooth Manifolds" --tier β': Typed(
        "joins the campaign"
    ),
    "codexctl run lee-smooth-manifolds --dry-run": Typed("never more than $30.00"),
    "codexctl plan --write": Typed("plan.json"),
    "codexctl continuity --write": Typed("backward_density"),
    "codexctl ledger rebuild --write": Typed("campaign.json"),
    f'{_ANSWER} retry --hint "Quote the heading as it stands."': Typed("in-production", first="escalate"),
    f"{_ANSWER} reduce --drop 03.09.05": Typed("in-production", first="escalate"),
    "codexctl escalations answer": Typed("in-production", instead=f"{_ANSWER} retry", first="escalate"),
    "codexctl escalations answer BOOK CHOICE": Typed("in-production", instead=f"{_ANSWER} retry", first="escalate"),
    "python -m codex.prompts.baselines": Typed("production", instead='cd "$ROOT" && python -m codex.prompts.baselines'),
    # --- with the pilot at its end (soak)
    "codexctl connections approve": ByTest(
        "tests/integration/test_connections.py::test_several_are_approved_in_one_commit"
    ),
    "codexctl connections approve ID …": ByTest(
        "tests/integration/test_connections.py::test_several_are_approved_in_one_commit"
    ),
    "codexctl connections reject": ByTest("tests/integration/test_connections.py::test_a_decision_is_made_once"),
    "codexctl connections reject ID …": ByTest("tests/integration/test_connections.py::test_a_decision_is_made_once"),
    'codexctl connections approve conn:010.clifford-algebra-spin-group 011 --note "Used throughout."': Typed(
        "approved", covered=True
    ),
    'codexctl connections reject 012 --note "The same as 008."': Typed("rejected", covered=True),
    "codexctl integrate 03.09.05": Typed("integrated already", covered=True),
    "codexctl integrate FILE": ByTest("tests/integration/test_cli.py::test_a_sound_unit_is_integrated"),
    "codexctl integrate --push": ByTest("tests/integration/test_push.py::test_a_remote_that_is_gone_costs_no_commit"),
    "codexctl integrate --revert ID --reason TEXT": ByTest("tests/integration/test_revert.py::test_the_command"),
    'codexctl integrate --revert 03.09.05 --reason "The proof of 3.2 is wrong" --dry-run': Typed(
        "would be withdrawn", covered=True, first="cp content/*/*/03.09.05-*.md draft.md"
    ),
    'codexctl integrate --revert 03.09.05 --reason "The proof of 3.2 is wrong"': Typed("withdrawn", covered=True),
    "codexctl integrate draft.md --dry-run": Typed("would be integrated", covered=True),
    "codexctl integrate draft.md": Typed("integrated", covered=True),
    "codexctl recover BOOK --unit ID": Typed(
        "to redo: 03.09.02", instead=f"codexctl recover {BOOK} --unit 03.09.02 --dry-run"
    ),
    f"codexctl recover {BOOK} --unit 03.09.03 --backend handoff": Typed("03.09.03", covered=True, waits=True),
    "codexctl audit-next --backend handoff": Typed("P1_audit", covered=True, waits=True),
    "codexctl -w ../campaign audit-next --ft-entry 1.01 --backend handoff": Typed(
        "P1_audit", covered=True, waits=True, first=_CEILING
    ),
    f"codexctl run {BOOK} --backend handoff": Typed("P4_production", covered=True, waits=True),
    "codexctl produce-next --batch 4 --backend handoff": Typed("P4_production", covered=True, waits=True),
    # --- elsewhere
    "codexctl run BOOK --backend handoff": ByTest(
        "tests/flows/test_cli_run.py::test_an_interrupted_run_says_so_and_gives_its_book_back"
    ),
    "codexctl audit-next": ByTest(
        "tests/flows/test_queue.py::test_without_a_key_and_without_a_backend_the_choices_are_named"
    ),
    "codexctl produce-next": ByTest(
        "tests/flows/test_queue.py::test_without_a_key_and_without_a_backend_the_choices_are_named"
    ),
    "codexctl produce-next --batch 4": ByTest("tests/flows/test_queue.py::test_a_dry_run_tells_the_batch"),
    "codexctl up": ByTest(
        "tests/deployments/test_up_down.py::test_a_second_up_changes_nothing_but_keeps_what_a_person_has_set"
    ),
    "codexctl down": ByTest("tests/deployments/test_up_down.py::test_down_leaves_nothing_running"),
    "codexctl call P2_gap brief > brief.md": _HANDOFF,
    "codexctl call P2_gap submit reply.json": _HANDOFF,
    """codexctl call P2_gap tool read_unit '{"id": "01.01.03"}'""": _HANDOFF,
    'codexctl call P2_gap tool search_corpus --arg query="clifford algebra" --arg limit=5': _HANDOFF,
    "python -m codex.agents.replay_server --recordings DIR --faults FILE": ByTest(
        "tests/agents/test_replay_server.py::test_as_a_process_it_serves_until_told_to_stop"
    ),
    'codexctl ledger register note:spinors-at-a-glance --title "Spinors at a glance"': ByTest(
        "tests/tracks/test_installed.py::test_it_joins_as_any_subject_does"
    ),
    "codexctl run note:spinors-at-a-glance --backend handoff": ByTest(
        "tests/tracks/test_installed.py::test_it_runs_to_its_end_by_way_of_a_bad_reply_and_a_shortfall"
    ),
    # --- the project itself
    "git switch -c rule-xt002": Walked(),
    'git commit -am "Check XT002: no little word is written twice"': Walked(),
    "pytest tests/check/test_rules.py -k XT002": Walked(),
    "pytest tests/check/test_full_rules.py -k XT002": Walked(),
    "codexctl check --explain XT002": Walked(),
    "make docs": Walked(),
    "python -m codex.check.docs": Recipe("docs"),
    "python -m codex.agents.faultdocs": Recipe("docs"),
    "python -m codex.tracks.docs": Recipe("docs"),
    "codexctl check --select XT002": Typed("6 pass, 0 fail", instead="codexctl check --select XT001"),
    "pre-commit install": ByTest("tests/docs/test_contributing.py::test_pre_commit_can_be_installed"),
    "make lint": ByTest("tests/docs/test_contributing.py::test_all_of_lint_is_content"),
    "make install": Left("it would build the .venv that the tests run in; whoever runs them has typed it"),
    "make test": Left("the suite would run itself; CI types it"),
    "make soak": Left("the suite would run itself; CI types it"),
    "make pilot": ByTest("tests/pilot/test_pilot.py::test_it_ends_well_and_says_so"),
    "make bench": Left("minutes on an idle machine; its parts have tests of their own"),
    "make coverage": Left("the suite would run itself"),
    "make sizes": ByTest("tests/house/test_sizes.py::test_the_table_has_a_row_for_each_package"),
    "make pictures": Left("a browser and a minute for pictures that somebody has to look at; its Chromium is optional"),
    "python -m bench.caching": Left("a benchmark, and a part of `make bench`"),
    "pytest -q TEST": Left("a form: every name that the tables put in its place is looked up by test_links.py"),
    "uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras "
    "--python-version 3.11 pyproject.toml -o requirements.lock": Left("it asks the package index"),
    "git add -A": _NAMED,
    "git commit": _NAMED,
    "git init": _NAMED,
    "git mv": _NAMED,
    "git revert": _NAMED,
    "git show": _NAMED,
}
