"""What a study's settings say about its models; read while the workflow is parsed, so nothing heavy is imported."""

from __future__ import annotations

from typing import Any

from affectflow.config.study import Study
from affectflow.train.protocol.controls import entries, input_settings


def declare(study: Study) -> dict[str, Any]:
    """Return, as JSON values, what a study's settings say about its models.

    Parameters
    ----------
    study
        All settings.
    """
    train = study.train
    listed = entries(train.models, train.controls if train.models else [], main=train.main)
    return {
        "entries": {
            name: {
                "model": entry.model,
                "shuffled": entry.shuffled,
                "time": entry.time,
                "settings": input_settings(train, entry),
            }
            for name, entry in listed.items()
        },
        "main": train.main,
        "n_seeds": train.seeds,
        "subject_norm": train.subject_norm,
        "within": study.features.windows.within,
        "length_s": study.features.windows.length_s,
        "stride_s": study.features.windows.stride_s,
        "seed": study.seed,
        "label_rule": {
            "baseline": study.stats.baseline,
            "stressor": study.stats.stressor,
            "label": train.label,
            "positive_phases": train.positive_phases,
            "label_share": train.label_share,
        },
    }
