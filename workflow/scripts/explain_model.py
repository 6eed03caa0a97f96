"""Look at what the networks of an entry do with people they never saw."""

from pathlib import Path

from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_free_table
from affectflow.io.weights import WeightsFile
from affectflow.train.explain.explain_model import explain_model
from affectflow.train.explain.explanations import TABLES
from affectflow.train.windows.inputs import add_modalities
from affectflow.train.windows.window_set import labelled_set

INPUTS = ("modalities", "emoca_mode", "bio_mode", "signals")


def trained(files):
    """Yield name, arrays and facts of one split after the other."""
    for file in files:
        for split, facts in file.facts["training"].items():
            own = {
                name.removeprefix(f"{split}/"): file[name] for name in file if name.startswith(f"{split}/")
            }
            yield split, own, facts


with stage(snakemake) as footer:
    files = [WeightsFile(path) for path in snakemake.input.weights]
    # How the inputs were made stands with the weights: they are made in the same way again.
    how, entry = files[0].facts["params"], files[0].facts["entry"]
    table = read_table(snakemake.input.windows, "windows")
    examples = read_table(snakemake.input.examples, "examples")
    windows = labelled_set(table, examples, time=entry["time"], shuffled=entry["shuffled"])
    grids = {Path(path).stem: WeightsFile(path) for path in snakemake.input.grids}
    if how["settings"]:
        settings = {name: how["settings"][name] for name in INPUTS}
        windows = add_modalities(
            windows,
            table,
            grids,
            control=how["control_condition"],
            stride_s=how["made_of"]["windows"]["stride_s"],
            **settings,
        )
    explanation = explain_model(
        windows,
        read_table(snakemake.input.folds, "folds"),
        trained(files),
        model=entry["model"],
        modalities=snakemake.params.modalities,
        subject_norm=how["subject_norm"],
        n_permutations=snakemake.params.n_permutations,
        steps=snakemake.params.steps,
        most_windows=snakemake.params.most_windows,
        n_resamples=snakemake.params.n_resamples,
        seed=snakemake.params.seed,
        grids=grids,
    )
    for name in TABLES:
        write_free_table(getattr(explanation, name), snakemake.output[name], footer=footer)
