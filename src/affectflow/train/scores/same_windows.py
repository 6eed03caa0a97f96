"""Whether models were tested on the same windows of the same splits, without which they cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from affectflow.errors import DesignError


def number_splits(predictions: pl.DataFrame) -> pl.DataFrame:
    """Add `split`, which trained network scored a row: of repeat, fold and seed, numbered in order; sort rows."""
    key = ["repeat", "fold", "seed"]
    splits = predictions.select(key).unique().sort(key).with_row_index("split")
    numbered = predictions.join(splits, on=key, how="left", maintain_order="left")
    return numbered.sort("split", "subject_id", "recording_id", "window_id")


def check_same_windows(
    test: pl.DataFrame, models: Sequence[str], controls: Sequence[str], shuffled: Sequence[str]
) -> None:
    """Refuse models that were not tested on the same windows of the same splits, each once for a seed and repeat.

    Parameters
    ----------
    test
        Test rows of `number_splits`.
    models
        Names, as in `test`.
    controls
        Which of them may have labels of their own.
    shuffled
        Which of the controls may lack people, whole, and splits.

    Raises
    ------
    DesignError
        If two differ, or a window was tested twice.
    """
    key = ["split", "subject_id", "recording_id", "window_id"]
    tested = {m: test.filter(pl.col("model") == m) for m in models}
    first = next((m for m in models if m not in controls), models[0])
    for model, table in tested.items():
        if table.select("repeat", "seed", *key[1:]).is_duplicated().any():
            raise DesignError(
                f"predictions of {model}: a window was tested in two folds. Re-run split_subjects."
            )
        # A control may have labels of its own.
        columns = key if model in controls else [*key, "label"]
        wanted = tested[first]
        if model in shuffled:
            wanted = wanted.join(
                table.select("split", "subject_id").unique(), on=["split", "subject_id"], how="semi"
            )
        if not table.select(columns).equals(wanted.select(columns)):
            raise DesignError(
                f"predictions: {model} and {first} were tested on other windows or folds "
                f"({table.height} and {wanted.height} windows). Re-run train_model."
            )
