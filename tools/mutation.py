"""Change the money, retry, token and callback modules, one spot at a time: does a test notice?

python tools/mutation.py          make every mutant anew, and test it
python tools/mutation.py --keep   test only those of changed functions, and those that survived

Ends with 1 below 90 %, or where a mutant survives that tools/mutation_survivors.py does not
explain. What is changed, and which tests look for it, is in pyproject.toml under tool.mutmut.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mutation_survivors import EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MUTANTS = ROOT / "mutants"
LEAST = 90.0

# How the tests of a mutant ended: pytest's exit codes, mutmut's own, and the signal of a limit.
_KILLED = {1, 3}
_TIMED_OUT = {-24, 24, 36, 152, 255}


@dataclass(frozen=True)
class Mutant:
    """A changed function, and what its tests made of it.

    Attributes:
        name: What mutmut calls it.
        exit_code: How its tests ended; None where they were not run.
    """

    name: str
    exit_code: int | None

    @property
    def module(self) -> str:
        """The module that was changed, without the package's name."""
        return self.name.rpartition(".")[0].removeprefix("qpaykit.")

    @property
    def function(self) -> str:
        """The function that was changed, with its module."""
        mangled = self.name.rpartition(".")[2].rpartition("__mutmut_")[0]
        # mutmut writes x_function, and xǁClassǁmethod.
        names = mangled[2:].split("ǁ")
        return ".".join((self.module, *names))

    @property
    def fate(self) -> str:
        """What became of it."""
        if self.exit_code in _KILLED:
            return "killed"
        return "timeout" if self.exit_code in _TIMED_OUT else "survived"

    def change(self) -> tuple[str, str]:
        """Return the lines that were changed, and what they were changed to."""
        shown = mutmut("show", self.name, stdout=subprocess.PIPE)
        lines = [line for line in shown.splitlines() if line[:3] not in {"---", "+++"}]
        before, after = (
            " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
        )
        return before, after


def mutmut(*arguments: str, stdout: int | None = None) -> str:
    """Run mutmut; return what it wrote, where that was asked for."""
    command = [str(Path(sys.executable).parent / "mutmut"), *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=stdout, text=True)  # noqa: S603
    return done.stdout or ""


def mutants() -> Iterator[Mutant]:
    """Read what mutmut has written down."""
    for path in sorted(MUTANTS.glob("src/**/*.meta")):
        ends: dict[str, int | None] = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        yield from (Mutant(name, exit_code) for name, exit_code in ends.items())


def tests() -> list[str]:
    """Read which tests looked for mutants."""
    stats = json.loads((MUTANTS / "mutmut-stats.json").read_text("utf-8"))
    return list(stats["duration_by_test"])


def table(found: list[Mutant]) -> Iterator[str]:
    """Lay out the score of each module and of all."""
    yield f"{'module':28}{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'score':>9}"
    for module in [*dict.fromkeys(mutant.module for mutant in found), "all"]:
        fates = Counter(one.fate for one in found if module in {one.module, "all"})
        numbers = f"{fates.total():8}{fates['killed']:8}{fates['timeout']:8}{fates['survived']:9}"
        yield f"{module:28}{numbers}{score(fates):8.1f} %"


def score(fates: Counter[str]) -> float:
    """Return the share that was noticed; a test that never ends is noticed too."""
    return 100 * (1 - fates["survived"] / fates.total())


def main() -> None:
    """Run mutmut, print the scores, and say who survived without a reason."""
    if sys.argv[1:] == ["--keep"]:
        mutmut("run")
        survivors = [mutant.name for mutant in mutants() if mutant.fate == "survived"]
        if survivors:
            mutmut("run", *survivors)
    else:
        shutil.rmtree(MUTANTS, ignore_errors=True)
        mutmut("run")
    unfindable = [name for name in tests() if "\\" in name]
    if unfindable:
        sys.exit(f"pytest would not find these again, which mutmut takes for kills: {unfindable}")
    found = list(mutants())
    print("", *table(found), "", sep="\n")
    reasons = {
        (function, *change): reason.why
        for reason in EXPLAINED
        for function, changes in reason.changes.items()
        for change in changes
    }
    unexplained = 0
    for mutant in found:
        if mutant.fate == "survived":
            before, after = mutant.change()
            why = reasons.get((mutant.function, before, after))
            unexplained += why is None
            end = "" if mutant.exit_code == 0 else f" (no test ran: {mutant.exit_code})"
            print(f"{mutant.name}{end}\n  - {before}\n  + {after}\n  {why or 'NOT EXPLAINED'}")
    print(f"\n{unexplained} survivors are not explained")
    if unexplained or score(Counter(mutant.fate for mutant in found)) < LEAST:
        sys.exit(1)


if __name__ == "__main__":
    main()
