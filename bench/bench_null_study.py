"""What the corrections promise and what they keep: thousands of studies without effect, and some with one.

    python bench/bench_null_study.py [--studies 2000] [--people 60] [--permutations 199]

Each study: paired differences of 60 people in 56 coefficients × 2 summaries × 5 phases = 560 tests. Printed per criterion:
tests significant per study (what a study without correction would report), share of studies with any false finding (goal:
5 ± 1 % for Holm and max-T when tests are independent), then the same where half of the variance is common to all tests
of a person, and with an effect of d_z 0.6 in 40 of the tests: share found and mean share of false findings.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.null_study import CRITERIA, Findings, run_studies

N_TESTS, N_TRUE, EFFECT = 560, 40, 0.6


def show(title: str, found: Findings, seconds: float, n_true: int = 0) -> None:
    """Print one table."""
    n = len(found.false["raw"])
    print(f"\n{title}: {n} studies in {seconds:.1f} s")
    print(f"  {'criterion':11} false findings/study   studies with any   share of findings false   found")
    for c in CRITERIA:
        power = f"{found.power(c, n_true):7.1%}" if n_true else "      –"
        print(
            f"  {c:11} {found.false[c].mean():20.2f}   {found.family_wise(c):16.1%}   {found.false_share(c):23.1%}   {power}"
        )


def main() -> None:
    """Run and print all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--permutations", type=int, default=199)
    options = parser.parse_args()
    size = {"n_people": options.people, "n_tests": N_TESTS, "n_permutations": options.permutations}
    few = max(options.studies // 4, 1)
    print(f"{options.people} people, {N_TESTS} tests, level 5 %, {options.permutations} relabellings")
    for title, n, kind in (
        ("no effect, independent tests", options.studies, {}),
        ("no effect, half of the variance common", few, {"shared": 0.5}),
        (f"d_z {EFFECT} in {N_TRUE} tests", few, {"n_true": N_TRUE, "effect": EFFECT}),
    ):
        start = time.perf_counter()
        found = run_studies(n, **size, **kind)
        show(title, found, time.perf_counter() - start, int(kind.get("n_true", 0)))


if __name__ == "__main__":
    main()
