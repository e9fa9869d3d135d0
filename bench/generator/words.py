"""The words of the templates: enough of them that no two units read alike."""

from __future__ import annotations

THINGS = (
    *("lattice", "ladder", "ring road", "grid", "tiling", "orchard", "clock", "mirror", "river delta", "bridge"),
    *("terrace", "necklace", "staircase", "honeycomb", "braid", "pendulum", "abacus", "compass", "sundial", "loom"),
    *("archipelago", "aqueduct", "carousel", "kaleidoscope", "windmill", "spiral", "mosaic", "trellis", "dome"),
)
QUALITIES = (
    *("even", "balanced", "woven", "layered", "folded", "turning", "closed", "open", "measured", "counted", "mirrored"),
    *("graded", "sorted", "linked", "paired", "scaled", "shifted", "rooted", "bounded", "ordered", "nested", "cyclic"),
    *("sparse", "dense", "stable", "drifting", "tempered", "joined", "split", "level", "steep", "hollow", "braced"),
)
ACTIONS = (
    *("walk around", "count along", "reflect in", "cut through", "double", "halve", "rotate", "stretch", "pave"),
    *("fold back", "colour", "number", "trace", "pack", "unroll", "glue", "shear", "translate", "stack", "mesh"),
)
PEOPLE = (
    *("A. Brandt", "M. Osei", "L. Varga", "R. Castellan", "J. Lindqvist", "S. Okafor", "T. Moreau", "E. Hallam"),
    *("K. Iwata", "P. Santoro", "N. Petrov", "C. Delacroix", "H. Amsel", "I. Brennan", "V. Kaya", "D. Rhys"),
)
SECTIONS = ("patterns", "motions", "measures", "networks", "surfaces", "rhythms", "balances", "frames", "codes", "maps")
KINDS = ("foundation-of", "generalisation", "specialisation", "analogy", "dual", "limit", "equivalence", "recurrence")
STRENGTHS = ("load-bearing", "synthesis", "lateral")

#: Sentences of the Beginner tier; short ones, without symbols.
PLAIN = (
    "Draw a {quality} {thing} on paper and {action} it once.",
    "Nothing is lost when you {action} a {thing}: each piece still has its place.",
    "Count the pieces first, then {action} the {thing}, then count again.",
    "A {thing} with {n} pieces looks the same from {m} sides.",
    "Try it with {n} pieces before you try it with {m}.",
    "The {quality} case is the one to keep in mind.",
    "Put {n} marks on the {thing} and look at the gaps between them.",
    "If you {action} the {thing} {m} times, you come back to the start.",
    "Two neighbours of a {thing} never carry the same mark.",
    "What stays the same when you {action} it is what the {thing} is about.",
)
#: Sentences of the upper tiers.
FORMAL = (
    "Let $T_{{{n}}}$ be the {thing} with ${n}$ pieces and $f$ the map that tells how to {action} it.",
    "The map $f$ is {quality} when $f(x + {m}) = f(x) + {m}$ for all $x$.",
    "The index of a {quality} {thing} is the least $k$ with $f^k = \\mathrm{{id}}$; here $k$ divides ${n}$.",
    "A {thing} of ${n}$ pieces splits into ${m}$ parts of equal index, as [{before}] does for one part.",
    "The {quality} part of the {thing} is the kernel of $f - 1$, of rank at most ${m}$.",
    "Restricting to one piece of the {thing} loses no more than the sign, which [{before}] accounts for.",
    "By the count in [{before}] there are ${n} \\cdot {m}$ such pairs, and each is met twice.",
    "Every {quality} map factors through the {thing} with ${m}$ pieces.",
    "The square of the map is {quality} again, because to {action} twice is to shift by ${m}$.",
    "Two such maps commute exactly when their supports on the {thing} are {quality}.",
)
#: Sentences that tie a unit to what comes later and to the whole.
FORWARD = (
    "This pattern recurs with ${n}$ pieces, and we will later {action} it.",
    "The same count appears again in the {quality} case; it builds toward the general {thing}.",
    "We will later meet the {thing} again, in the next chapter with ${m}$ marks.",
)
SYNTHESIS = (
    "The central insight is that a {quality} {thing} is counted by its index.",
    "This is exactly the count of [{before}], read for the {thing}.",
    "Putting these together, the {thing} generalises the {quality} one.",
    "The foundational reason is that to {action} the {thing} is a special case of shifting.",
    "The bridge between the two counts is dual to the first: the {thing} specialises it.",
)
