"""The leakage audit as a page."""

import polars as pl

from affectflow.viz.audit_page import audit_page

AUDIT = pl.DataFrame(
    [
        ("subject_in_two_roles", "Two roles?", "clean", "", "6 people in 3 folds", ""),
        ("threshold_on_test", "On test?", "found", "models/<x>", "threshold 0.4", "Choose again."),
        ("threshold_on_test", "On test?", "found", "models/y", "threshold 0.3", "Choose again."),
        ("control_drive_at_test", "Needs it?", "not applicable", "", "no trainings", ""),
    ],
    schema=["check", "question", "verdict", "where", "evidence", "to_do"],
    orient="row",
)


def test_findings_come_first_with_what_to_do_and_are_counted_by_check():
    page = audit_page(AUDIT, simulated=False)
    assert "1 found, 1 clean, 1 not applicable." in page
    assert page.index("threshold on test") < page.index("subject in two roles") < page.index("control drive")
    assert "models/&lt;x&gt;" in page
    assert "what to do" in page
    assert "not that nothing leaks" in page


def test_it_says_when_the_data_are_simulated():
    assert "Simulated data" in audit_page(AUDIT, simulated=True)
    assert "Simulated data" not in audit_page(AUDIT, simulated=False)
