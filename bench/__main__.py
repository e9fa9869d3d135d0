"""All benchmarks, or those that are named, in one table: ``python -m bench [NAME …] [--json FILE]``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable

from bench import adopt, caching, check, dashboard, integrate, start
from bench.table import Found, arguments, finish, say, told

BENCHMARKS: dict[str, Callable[[], Iterable[Found]]] = {
    "start": start.rows,
    "check": check.rows,
    "dashboard": dashboard.rows,
    "adopt": adopt.rows,
    "integrate": integrate.rows,
    "caching": caching.rows,
}


def main() -> int:
    parser = arguments("All benchmarks, or those that are named, in one table.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(BENCHMARKS)}")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    found: list[Found] = []
    begun = time.perf_counter()
    for name in given.names or BENCHMARKS:
        say(f"{name} ({time.perf_counter() - begun:.0f} s so far)")
        found += told(BENCHMARKS[name]())
    status = finish(found, given.json)
    say(f"measured in one run of {time.perf_counter() - begun:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
