"""Snakemake's own linter has no complaint but the ones docs/developing.md explains."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = {
    # The second half of RESULTS + "/video/…".
    "Path composition with '+'",
    "Absolute path",
    # Small helpers stand above the rules that use them.
    "Mixed rules and functions in same snakefile.",
}


def test_linter_has_no_other_complaint():
    snakemake = Path(sys.executable).with_name("snakemake")
    done = subprocess.run([snakemake, "--lint"], cwd=ROOT, capture_output=True, text=True)
    printed = done.stdout + done.stderr
    found = set(re.findall(r"^    \* (.*?)(?: in line \d+)?:$", printed, flags=re.M))
    titles = {re.sub(r' "/.*"$', "", title) for title in found}
    assert titles <= EXPLAINED, titles - EXPLAINED
    # A rule without log or environment would be named as "rule …".
    assert not re.search(r"^Lints for rule", printed, flags=re.M), printed
    assert done.returncode == (1 if titles else 0), printed
