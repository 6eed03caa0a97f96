"""What every registered analysis must do: the tables it declares, the same for the same seed, input untouched."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from affectflow.config.study import Study
from affectflow.errors import DesignError
from affectflow.io.log import logger
from affectflow.io.tables import read_footer, read_free_table, write_table
from affectflow.registry import load
from affectflow.stats import ANALYSES, RUN
from affectflow.stats import options_of as stats_options
from affectflow.viz import methods_statistics
from affectflow.viz.plot_analysis import PLOTS
from tests.support import fake_umap
from tests.support.synth_stats import (
    quality_row,
    synth_agreement,
    synth_features,
    synth_phases,
    synth_smoothing,
    synth_windows,
)


def options_of(name: str) -> dict[str, Any]:
    """The keywords the rule would pass, from the default settings, with little resampling."""
    options = stats_options(name, Study(), faces=True)
    small = {"n_permutations": 3, "n_bootstrap": 20, "max_points": 60, "subject_points": 30}
    return options | {k: v for k, v in small.items() if k in options}


def table_for(name: str) -> pl.DataFrame:
    if ANALYSES[name].reads == "features":
        return synth_features()
    if ANALYSES[name].reads == "smoothing":
        return synth_smoothing()
    if ANALYSES[name].reads == "phases":
        return synth_phases()
    if name == "agreement":
        return synth_agreement()
    return synth_windows(n_subjects=8, n_codes=4, grouped=name == "grouped_tests")


@pytest.fixture(autouse=True)
def _umap_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract is ours; umap-learn is an extra that nobody needs for it."""
    fake_umap.install(monkeypatch)


every = pytest.mark.parametrize("name", sorted(ANALYSES))


@every
def test_tables_are_those_declared(name: str) -> None:
    table = table_for(name)
    before = table.clone()
    tables = load(RUN, name, "analysis")(table, **options_of(name))
    assert tuple(tables) == ANALYSES[name].tables
    assert tables["results"].height > 0
    assert table.equals(before)
    for result in tables.values():
        for column in result.select(pl.selectors.float()).columns:
            assert not result[column].is_nan().any(), f"{column}: missing is null, not NaN"


@every
def test_the_methods_text_has_a_sentence_for_it(name: str) -> None:
    options = options_of(name)
    results = load(RUN, name, "analysis")(table_for(name), **options)["results"]
    said = methods_statistics.analysis(name, options, results)
    assert said.endswith(".")
    assert not said.startswith("Analysis "), "list its settings in words: viz/methods_statistics.py"
    assert "nan" not in said.lower().split()


@every
def test_same_input_same_result_whatever_the_order_of_rows(name: str) -> None:
    run, table = load(RUN, name, "analysis"), table_for(name)
    one, two = run(table, **options_of(name)), run(table, **options_of(name))
    assert all(one[key].equals(two[key]) for key in one)
    shuffled = run(table.sample(fraction=1.0, shuffle=True, seed=1), **options_of(name))
    keys = [c for c in ("measure",) if c in one["results"].columns]
    left, right = (t["results"].sort(keys) if keys else t["results"] for t in (one, shuffled))
    for column in left.columns:
        if left[column].dtype.is_float():
            assert (left[column] - right[column]).abs().max() in (None, pytest.approx(0, abs=1e-9)), column


@every
def test_settings_are_keywords_of_the_function(name: str) -> None:
    parameters = list(inspect.signature(load(RUN, name, "analysis")).parameters.values())
    assert parameters[0].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert set(options_of(name)) == {p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


@every
def test_an_empty_table_and_one_condition_are_answered(name: str) -> None:
    run, table = load(RUN, name, "analysis"), table_for(name)
    one_condition = [table.filter(pl.col("condition") == "baseline")] if ANALYSES[name].compares else []
    for poor in (table.clear(), *one_condition):
        with pytest.raises(DesignError) as error:
            run(poor, **options_of(name))
        assert "\n" not in str(error.value)


@every
def test_it_has_figures(name: str) -> None:
    assert PLOTS[name].figures


def stand_in(rule: str, folder: Path, **parts: Any) -> SimpleNamespace:
    """A `snakemake` object with attribute access, as a script sees it."""

    class Named(list):
        def __init__(self, **named: Any) -> None:
            super().__init__(named.values())
            self.__dict__.update(named)
            self.items = named.items

        def __getitem__(self, key: Any) -> Any:
            return self.__dict__[key] if isinstance(key, str) else super().__getitem__(key)

    return SimpleNamespace(
        rule=rule, log=[str(folder / "log.txt")], **{k: Named(**v) for k, v in parts.items()}
    )


@every
def test_the_scripts_write_and_draw_it(
    name: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affectflow.viz.plot_faces.SIZE_PX", 120)
    reads, table = ANALYSES[name].reads, table_for(name)
    parts = (
        [table]
        if reads in ("windows", "phases")
        else [p for _, p in sorted(table.group_by("recording_id"), key=lambda p: p[0])]
    )
    paths, checked = [], []
    for i, part in enumerate(parts):
        paths.append(str(tmp_path / f"{reads}{i}.parquet"))
        write_table(part, paths[-1], "windows" if reads in ("windows", "phases") else reads)
        if reads in ("features", "smoothing"):
            checked.append(str(tmp_path / f"quality{i}.parquet"))
            write_table(quality_row(part["recording_id"][0]), checked[-1], "recording_quality")
    results, tables = tmp_path / "results.parquet", tmp_path / "tables"
    params = {
        "version": 1,
        "reads": reads,
        "options": options_of(name),
        "own_table": None,
        "simulated": True,
        "treatment": {"smoothing": "savgol", "resting_level": "none"},
    }
    output = {"results": str(results), "tables": str(tables)}

    class Inputs(list):
        tables = paths
        quality = checked

    run = stand_in("run_analysis", tmp_path, output=output, params=params, wildcards={"analysis": name})
    run.input = Inputs(paths)
    runpy.run_path(str(root / "workflow/scripts/run_analysis.py"), init_globals={"snakemake": run})
    assert read_free_table(results)["simulated"].all()
    assert set(read_free_table(results)["smoothing"]) == {"savgol"}
    assert read_footer(results)["params"]["options"] == options_of(name)
    assert {p.stem for p in tables.iterdir()} == set(ANALYSES[name].tables) - {"results"}

    for figure in PLOTS[name].figures:
        drawn = {"svg": str(tmp_path / f"{figure}.svg"), "png": str(tmp_path / f"{figure}.png")}
        plot = stand_in(
            "plot_analysis",
            tmp_path,
            input=output,
            output=drawn,
            params={
                "version": 1,
                "simulated": True,
                "backend": "facemesh" if figure in PLOTS[name].with_mesh else None,
                "weights": "",
                "faces": Study().viz.faces.model_dump(),
            },
            wildcards={"analysis": name, "figure": figure},
        )
        runpy.run_path(str(root / "workflow/scripts/plot_analysis.py"), init_globals={"snakemake": plot})
        assert all(Path(path).stat().st_size > 5000 for path in drawn.values())
    assert logger.handlers == []


def test_a_users_mistake_is_one_line_and_exit_code_1(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "windows.parquet"
    write_table(synth_windows(n_subjects=2, n_codes=2), path, "windows")

    class Inputs(list):
        tables = (str(path),)

    params = {
        "reads": "windows",
        "options": options_of("paired_tests"),
        "own_table": None,
        "treatment": {},
        "simulated": False,
    }
    output = {"results": str(tmp_path / "r.parquet"), "tables": str(tmp_path / "t")}
    run = stand_in(
        "run_analysis", tmp_path, output=output, params=params, wildcards={"analysis": "paired_tests"}
    )
    run.input = Inputs([str(path)])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(str(root / "workflow/scripts/run_analysis.py"), init_globals={"snakemake": run})
    assert exit_.value.code == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("affectflow run_analysis: a paired comparison needs at least 3 people")
    assert "\n" not in said
    assert not (tmp_path / "r.parquet").exists()


def test_a_table_of_the_users_own(root: Path, tmp_path: Path) -> None:
    table = synth_windows(n_subjects=8, n_codes=4, grouped=True).rename(
        {"subject_id": "clip", "condition": "news"}
    )
    path = tmp_path / "mine.csv"
    table.select("clip", "news", "^mean_.*$").write_csv(path)

    class Inputs(list):
        tables = str(path)

    own = {"path": str(path), "unit": "clip", "condition": "news", "pair": "", "columns": ""}
    params = {
        "reads": "windows",
        "options": options_of("grouped_tests"),
        "own_table": own,
        "treatment": {},
        "simulated": False,
    }
    output = {"results": str(tmp_path / "r.parquet"), "tables": str(tmp_path / "t")}
    run = stand_in(
        "run_analysis", tmp_path, output=output, params=params, wildcards={"analysis": "grouped_tests"}
    )
    run.input = Inputs([str(path)])
    runpy.run_path(str(root / "workflow/scripts/run_analysis.py"), init_globals={"snakemake": run})
    assert read_free_table(tmp_path / "r.parquet")["n_baseline"].unique().to_list() == [4]
