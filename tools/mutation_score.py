"""Fail where the tests notice fewer than 90 % of the mutants.

python tools/mutation_score.py    after `mutmut run` and `mutmut export-cicd-stats`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

LEAST_PERCENT = 90.0


def main() -> int:
    """Print the score; return 1 where it is too low."""
    stats = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text())
    noticed = stats["killed"] + stats["timeout"]
    tested = noticed + stats["survived"] + stats["suspicious"] + stats["no_tests"]
    score = 100 * noticed / tested
    print(f"{noticed} of {tested} mutants were noticed: {score:.1f} %")
    return 0 if score >= LEAST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
