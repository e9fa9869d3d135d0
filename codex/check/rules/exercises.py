"""Exercises: XE001–XE006 (level full)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Place, Rule, fail, fail_at, pass_if, show
from codex.check.rules.beginner import beginner_text
from codex.check.rules.values import id_text
from codex.units import Exercise, Section, Unit
from codex.units.ids import PACK_ID

DIFFICULTIES = ("easy", "medium", "hard")
TYPES = ("multiple-choice", "true-false", "numeric", "symbolic", "short-answer", "lean-proof", "open-ended")
#: In wide use beyond the rubric's list: a warning, not an error.
TOLERATED_TYPES = ("proof", "conceptual", "derivation", "computation", "calculation")
FEWEST, MOST = 5, 10
LEAST_OF = {"easy": 2, "medium": 3, "hard": 2}
COMPUTED_TYPES = ("numeric", "symbolic")
CHECK_TYPES = ("multiple-choice", "true-false", "numeric")
CHECK_FEWEST, CHECK_MOST = 2, 4


def _exercise_section(unit: Unit) -> Section | None:
    """The H2 called ``Exercises`` with an intermediate marker."""
    for block in unit.blocks:
        if block.heading.title.strip().lower() == "exercises" and "intermediate" in block.heading.tiers:
            return block
    return None


def _count(unit: Unit, answers: Answers) -> Finding | None:
    section = _exercise_section(unit)
    if section is None or PACK_ID.fullmatch(id_text(unit).strip()):
        return None
    number = len(unit.exercises_in(section))
    detail = f"{number} exercises, {FEWEST} to {MOST} wanted"
    return pass_if(FEWEST <= number <= MOST, detail, unit.line_at(section.heading.start))


XE001 = Rule(
    code="XE001",
    name="5 to 10 exercises in the Intermediate exercise section",
    level="full",
    severity="error",
    reads=("Exercises section", "id"),
    why="Enough to practise, few enough to finish. Exercise packs are exempt.",
    failing=Example(
        '<aside class="exercise" data-difficulty="medium"', '<aside class="remark" data-difficulty="medium"'
    ),
    passing=Example(),
    hint='Have 5 to 10 blocks `<aside class="exercise" …>` in `## Exercises [Intermediate+]`.',
    constraint='`## Exercises [Intermediate+]` holds 5 to 10 blocks `<aside class="exercise" data-difficulty="…" '
    'data-type="…">`.',
    check=_count,
)


def _vocabulary(unit: Unit, answers: Answers) -> Finding:
    errors, warnings = [], []
    for exercise in unit.exercises:
        if exercise.difficulty not in DIFFICULTIES:
            errors.append(Place(f"data-difficulty is {show(exercise.difficulty)}", exercise.line))
        if exercise.type in TOLERATED_TYPES:
            warnings.append(Place(f"data-type {show(exercise.type)} is not in the rubric's list", exercise.line))
        elif exercise.type not in TYPES:
            errors.append(Place(f"data-type is {show(exercise.type)}", exercise.line))
    return fail_at([*errors, *warnings], "error" if errors else "warning")


XE002 = Rule(
    code="XE002",
    name="exercises have a known difficulty and type",
    level="full",
    severity="error",
    reads=("exercises",),
    why="Players choose and grade by these attributes. Types in wide use beyond the list (proof, conceptual, "
    "derivation, computation, calculation) are warnings.",
    failing=Example('data-difficulty="hard"', 'data-difficulty="tricky"'),
    passing=Example('data-difficulty="hard" data-type="short-answer"', 'data-difficulty="hard" data-type="open-ended"'),
    hint=f"Set data-difficulty to {', '.join(DIFFICULTIES)}, and data-type to one of {', '.join(TYPES)}.",
    constraint=f"Every exercise has data-difficulty ({', '.join(DIFFICULTIES)}) and data-type ({', '.join(TYPES)}).",
    check=_vocabulary,
)


def _parts(unit: Unit, answers: Answers) -> Finding:
    return fail_at(
        Place(f"{show(exercise.label or 'exercise')}: no {', no '.join(missing)}", exercise.line)
        for exercise in unit.exercises
        if (missing := list(_missing(exercise)))
    )


def _missing(exercise: Exercise) -> Iterator[str]:
    if not exercise.prompt:
        yield "prompt"
    if not exercise.hint:
        yield "hint"
    if not exercise.answer:
        yield "answer"
    if exercise.type == "multiple-choice" and len(exercise.options) < 2:
        yield "options"


XE003 = Rule(
    code="XE003",
    name="exercises have a prompt, a hint and an answer",
    level="full",
    severity="error",
    reads=("exercises",),
    why="A learner must be able to get unstuck and to compare. Labels and prompts may be HTML or Markdown.",
    failing=Example('<details class="exercise__answer">', '<details class="answer">'),
    passing=Example(),
    hint='Give each exercise a prompt, `<details class="exercise__hint"><summary>Hint</summary> … </details>` and '
    '`<details class="exercise__answer"><summary>Answer</summary> … </details>`, both with text; a multiple-choice one '
    "at least two options (`A.` `B.` …).",
    constraint='Every exercise has a prompt, a `<details class="exercise__hint">` and a `<details '
    'class="exercise__answer">` with text; multiple-choice ones at least two options on lines `A.` `B.` …',
    check=_parts,
)


def _mix(unit: Unit, answers: Answers) -> Finding | None:
    section = _exercise_section(unit)
    if section is None:
        return None
    have = Counter(exercise.difficulty for exercise in unit.exercises_in(section))
    lacking = [f"{have[name]} {name} (at least {least})" for name, least in LEAST_OF.items() if have[name] < least]
    return pass_if(not lacking, f"too few: {', '.join(lacking)}", unit.line_at(section.heading.start))


XE004 = Rule(
    code="XE004",
    name="the Intermediate exercises are graded: 2 easy, 3 medium, 2 hard at least",
    level="full",
    severity="warning",
    reads=("Exercises section",),
    why="Everybody should find something within reach and something beyond it.",
    failing=Example('data-difficulty="hard"', 'data-difficulty="medium"'),
    passing=Example(),
    hint="Have at least 2 easy, 3 medium and 2 hard exercises in the section.",
    constraint="Among these exercises at least 2 are easy, 3 medium and 2 hard.",
    check=_mix,
)


def _computed(unit: Unit, answers: Answers) -> Finding | None:
    section = _exercise_section(unit)
    if section is None:
        return None
    good = any(exercise.type in COMPUTED_TYPES for exercise in unit.exercises_in(section))
    return pass_if(good, "no numeric and no symbolic exercise", unit.line_at(section.heading.start))


XE005 = Rule(
    code="XE005",
    name="the Intermediate exercises include a numeric or symbolic one",
    level="full",
    severity="error",
    reads=("Exercises section",),
    why="At least one answer should be checkable by calculation.",
    failing=Example(
        'data-type="symbolic"', 'data-type="short-answer"', also=(('data-type="numeric"', 'data-type="true-false"'),)
    ),
    passing=Example('data-type="symbolic"', 'data-type="short-answer"'),
    hint='Add an exercise with data-type="numeric" or "symbolic" whose answer can be computed.',
    constraint="At least one exercise of the section is numeric or symbolic.",
    check=_computed,
)


def _understanding(unit: Unit, answers: Answers) -> Finding | None:
    if not beginner_text(unit):
        return None
    for block in unit.blocks:
        if "check your understanding" in block.heading.title.lower() and "beginner" in block.heading.tiers:
            return fail_at(_understanding_problems(unit, block))
    return fail("there is no `## Check your understanding [Beginner]`")


def _understanding_problems(unit: Unit, block: Section) -> Iterator[Place]:
    exercises = unit.exercises_in(block)
    if not CHECK_FEWEST <= len(exercises) <= CHECK_MOST:
        detail = f"{len(exercises)} exercises, {CHECK_FEWEST} to {CHECK_MOST} wanted"
        yield Place(detail, unit.line_at(block.heading.start))
    for exercise in exercises:
        if exercise.type not in CHECK_TYPES:
            yield Place(f"data-type is {show(exercise.type)}, not one of {', '.join(CHECK_TYPES)}", exercise.line)


XE006 = Rule(
    code="XE006",
    name="Beginner has 2 to 4 quick checks of understanding",
    level="full",
    severity="error",
    reads=("tiers_present", "Check your understanding section"),
    why="A beginner wants to know at once whether the idea has landed.",
    failing=Example("## Check your understanding [Beginner]", "## Questions [Beginner]"),
    passing=Example(),
    hint="Have `## Check your understanding [Beginner]` with 2 to 4 exercises of type multiple-choice, true-false or "
    "numeric.",
    constraint="There is a section `## Check your understanding [Beginner]` with 2 to 4 exercises of type "
    "multiple-choice, true-false or numeric.",
    check=_understanding,
)
