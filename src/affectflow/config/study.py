"""All settings of a study: config/config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt

from affectflow.config.base import Section, read_settings, read_yaml
from affectflow.config.clips import Clips
from affectflow.config.datasets import Datasets
from affectflow.config.eda import Eda
from affectflow.config.face import Face
from affectflow.config.features import Features
from affectflow.config.io import Io
from affectflow.config.pictures import Pictures
from affectflow.config.signal import Signal
from affectflow.config.stats import Stats
from affectflow.config.train import Train
from affectflow.config.viz import Viz


class Study(Section):
    """Everything a user sets, one section per folder of the package."""

    dataset: str = Field(
        "simulated",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Name of the study: results go to results/<dataset>/.",
    )
    recordings: str = Field(
        "config/recordings.tsv", description="The sheet: one row per recording (see config/README.md)."
    )
    seed: NonNegativeInt = Field(
        1, description="All random numbers derive from it, the stage and the recording."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where networks run; auto uses a GPU that Snakemake granted."
    )
    datasets: Datasets = Field(Datasets(), description="The simulated study and what data sets need.")
    io: Io = Field(Io(), description="Video files.")
    face: Face = Field(Face(), description="Face tracking and face codes.")
    signal: Signal = Field(Signal(), description="Cleaning of biosignals.")
    features: Features = Field(Features(), description="Temporal preprocessing and windows.")
    stats: Stats = Field(Stats(), description="Statistics.")
    train: Train = Field(Train(), description="Models.")
    pictures: Pictures = Field(Pictures(), description="Labelled still pictures.")
    clips: Clips = Field(Clips(), description="Labelled clips.")
    eda: Eda = Field(Eda(), description="Electrodermal activity from videos of faces.")
    viz: Viz = Field(Viz(), description="Figures and videos.")


def read_study(path: str | Path) -> Study:
    """Read and check a configuration file.

    Raises
    ------
    ConfigError
        Every mistake, one line each.
    """
    return read_settings(Study, read_yaml(path), str(path))
