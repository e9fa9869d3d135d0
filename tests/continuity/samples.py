"""What the units of these tests are put together from."""

from __future__ import annotations

BODY = "---\nid: {id}\n---\n## Text [Master]\n{text}\n"
GOOD = "Here 09.09.09 builds toward it, generalises, and generalises once more: generalises, generalises. "
REST = "\n## Connections [Master]\n- a\n- b\n- c\n## I [Intermediate]\nthis is exactly it, is dual to it.\n"
