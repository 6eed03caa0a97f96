"""The leakage audit: every check of `audit.CHECKS` on what a trained study left behind."""

from __future__ import annotations

import logging

import polars as pl

from affectflow.registry import load
from affectflow.train.audit import CHECKS
from affectflow.train.audit.artefacts import Artefacts, Found

logger = logging.getLogger("affectflow")
FOUND, CLEAN, NOT_APPLICABLE = "found", "clean", "not applicable"
COLUMNS = ("check", "question", "verdict", "where", "evidence", "to_do")
# Rows of one check: the table is for reading.
MOST_ROWS = 20


def audit_models(study: Artefacts) -> pl.DataFrame:
    """Run every check.

    No claim is trusted: roles, scales, thresholds, labels and inputs are
    computed again from tables and grids and compared with what weights and
    predictions hold.

    Parameters
    ----------
    study
        What was left behind.

    Returns
    -------
    A row per finding, or one per check that found nothing: check, question, verdict ("found", "clean", "not
    applicable"), where, evidence (with numbers) and to_do (empty where nothing was found).
    """
    rows = []
    for name, check in CHECKS.items():
        found: Found = load({name: check.function}, name, "check")(study)
        for where, evidence in found.findings[:MOST_ROWS]:
            rows.append((name, check.question, FOUND, where, evidence, check.to_do))
        if (more := len(found.findings) - MOST_ROWS) > 0:
            rows.append((name, check.question, FOUND, "", f"{more} more like these", check.to_do))
        if not found.findings:
            verdict = CLEAN if found.applicable else NOT_APPLICABLE
            rows.append((name, check.question, verdict, "", found.looked_at, ""))
        logger.log(
            logging.WARNING if found.findings else logging.INFO,
            "%s: %s",
            name,
            f"found in {len(found.findings)} places" if found.findings else rows[-1][2],
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
