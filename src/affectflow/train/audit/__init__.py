"""Leakage audit: checks that read what a study left behind and recompute it; one file per group of checks.

A check is a function of `artefacts.Artefacts` that returns a `Found`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One kind of leak.

    Attributes
    ----------
    question
        What the check answers, yes being bad.
    function
        "module:name".
    to_do
        What to do when it finds something.
    """

    question: str
    function: str
    to_do: str


CHECKS: dict[str, Check] = {
    "subject_in_two_roles": Check(
        "Is a person in two roles of a fold, or tested in two folds?",
        "affectflow.train.audit.roles:subject_in_two_roles",
        "Give every person one subject_id and re-run split_subjects.",
    ),
    "scaler_outside_fold": Check(
        "Was a scale learnt on others than a fold's training people?",
        "affectflow.train.audit.scalers:scaler_outside_fold",
        "Learn centre and scale on the training people of each fold: re-run train_model on windows as measured.",
    ),
    "overlapping_windows": Check(
        "Do windows of different roles of a fold share time of one recording?",
        "affectflow.train.audit.roles:overlapping_windows",
        "File each recording under one person, whole, and re-run split_subjects.",
    ),
    "threshold_on_test": Check(
        "Was a threshold chosen on test people?",
        "affectflow.train.audit.thresholds:threshold_on_test",
        "Take the threshold from the validation people: re-run train_model and evaluate_models.",
    ),
    "selection_before_split": Check(
        "Were inputs selected before people were split?",
        "affectflow.train.audit.columns:selection_before_split",
        "Train on all columns that the settings declare, or select inside each fold; re-run train_model.",
    ),
    "duplicate_recordings": Check(
        "Is one recording there under two names?",
        "affectflow.train.audit.duplicates:duplicate_recordings",
        "Exclude one of the two in the sheet (column exclude), or correct its files.",
    ),
    "windows_across_sessions": Check(
        "Does a window reach over the limits of its recording, session or phase?",
        "affectflow.train.audit.sessions:windows_across_sessions",
        "Make each session a recording of its own, and re-run make_windows.",
    ),
    "target_derived_inputs": Check(
        "Is an input a function of the label?",
        "affectflow.train.audit.label_inputs:target_derived_inputs",
        "Take the column out (train.signals, the imported table): no sensor measures the label.",
    ),
    "control_drive_at_test": Check(
        "Does a model need the test person's control recording?",
        "affectflow.train.audit.columns:control_drive_at_test",
        "Say so as a limit, beside the control without_control_drive; or leave control_slope out of train.emoca_mode.",
    ),
    "global_target_scaling": Check(
        "Are labels made or scaled with what other people's labels are?",
        "affectflow.train.audit.targets:global_target_scaling",
        "Label each window by a rule fixed beforehand (train.label_share); re-run label_windows and what follows.",
    ),
    "seed_picked_on_test": Check(
        "Were trainings left out of the comparison?",
        "affectflow.train.audit.seeds:seed_picked_on_test",
        "Evaluate every repeat, fold and seed that was planned: re-run train_model and evaluate_models.",
    ),
    "time_as_proxy": Check(
        "Does the time within the recording tell the label, or is an input time itself?",
        "affectflow.train.audit.time_inputs:time_as_proxy",
        "Take such columns out; compare every model with the control time_only, and vary when the stressor comes.",
    ),
}
