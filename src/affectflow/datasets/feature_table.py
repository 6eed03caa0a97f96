"""Read a feature table that another program wrote (py-feat, OpenFace, a spreadsheet saved as text)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from affectflow.errors import InputError


def read_feature_table(path: str | Path) -> pl.DataFrame:
    """Read a Parquet (.parquet), tab-separated (.tsv) or comma-separated (any other suffix) table.

    Raises
    ------
    InputError
        If the file is absent or cannot be read as such a table.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise InputError(
            f"{path}: cannot be read (it is a folder, a pipe or a device). Set stats.own_table.path."
        )
    try:
        # A name with * in it is a name, not a pattern.
        if path.suffix == ".parquet":
            return pl.read_parquet(path, glob=False)
        separator = "\t" if path.suffix == ".tsv" else ","
        table = pl.read_csv(path, separator=separator, infer_schema_length=None, glob=False)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}). Set stats.own_table.path."
        ) from None
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"{path}: is not a table of that suffix ({first}). Save it as Parquet or CSV."
        ) from None
    # OpenFace writes a space after each comma.
    return table.rename({name: name.strip() for name in table.columns})
