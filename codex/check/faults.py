"""Files that cannot be read as a unit at all (unit-rubric §1.2): what the code means, and how to repair it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Fault(NamedTuple):
    """``hint`` tells whoever has to repair the file what to do."""

    meaning: str
    hint: str


FAULTS: Mapping[str, Fault] = {
    "PE001": Fault(
        "The file is not UTF-8 text.",
        "Save the file as UTF-8; replace the byte that the message names by the character that was meant.",
    ),
    "PE002": Fault(
        "There is no front matter: the file must begin with a line of three hyphens, and a second such line ends the "
        "front matter. A byte order mark or a blank line in front breaks it.",
        "Begin the file with a line `---`, then the keys, then a line `---`; nothing stands before the first one.",
    ),
    "PE003": Fault(
        "The front matter is not valid YAML 1.1.",
        "Correct the line that the message names: quote values that contain `: `, `#`, quotation marks or that begin "
        "with a special character, indent with blanks, and write long texts as a block (`key: >-`).",
    ),
    "PE004": Fault(
        "The front matter is not a mapping, or a field has a type that a rule cannot work with.",
        "Write the front matter as `key: value` lines, and the field that the message names as the type it asks for.",
    ),
}
