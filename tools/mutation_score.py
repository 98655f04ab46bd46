"""Fail if the tests kill fewer than 90 % of the mutants.

mutmut results --all true | python tools/mutation_score.py
"""

from __future__ import annotations

import re
import sys
from collections import Counter

LEAST_PERCENT = 90.0
NOTICED = {"killed", "timeout"}
UNTRIED = {"not checked", "skipped", "check was interrupted by user"}
# A line of mutmut: "    qpaykit.stores.redis.x__shown__mutmut_1: killed".
LINE = re.compile(r"\s+qpaykit\.(?P<module>\w+(?:\.[a-z_0-9]+)?)\.x\S+: (?P<status>.+)")


def main() -> int:
    """Print the score of each module and of all; return 1 where that is too low."""
    noticed, tried = Counter[str](), Counter[str]()
    untried = 0
    for line in sys.stdin:
        found = LINE.fullmatch(line.rstrip("\n"))
        if found is None:
            continue
        module, status = found["module"], found["status"]
        if status in UNTRIED:
            untried += 1
            continue
        for part in (module, "all"):
            tried[part] += 1
            noticed[part] += status in NOTICED
    if not tried:
        print("no mutant was tried")
        return 1
    for part in [*sorted(tried.keys() - {"all"}), "all"]:
        score = 100 * noticed[part] / tried[part]
        print(f"{part:25} {noticed[part]:5} of {tried[part]:5} noticed: {score:5.1f} %")
    if untried:
        print(f"{untried} were not tried")
    return 0 if noticed["all"] >= LEAST_PERCENT / 100 * tried["all"] else 1


if __name__ == "__main__":
    sys.exit(main())
