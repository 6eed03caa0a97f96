"""What is installed here, and what is missing for whom."""

from __future__ import annotations

import ctypes.util
import importlib
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from affectflow.cli.comparison import comparisons
from affectflow.cli.finding import Finding
from affectflow.cli.weights import MODELS, official_files, state_of
from affectflow.config.sheet import Recording, read_sheet
from affectflow.config.study import Study, read_study
from affectflow.datasets import CODE_FORMATS, EVENT_FORMATS, SIGNAL_FORMATS
from affectflow.errors import AffectflowError, did_you_mean
from affectflow.face.affect import AFFECT
from affectflow.face.backends import BACKENDS, DRAWS_CODES
from affectflow.face.units import UNITS
from affectflow.features import SMOOTHERS
from affectflow.registry import load
from affectflow.stats import check_analyses
from affectflow.train.models import check_models
from affectflow.train.models.choices import check_choices
from affectflow.train.protocol.auto_models import resolve_auto
from affectflow.train.protocol.check_rates import check_rates
from affectflow.train.protocol.controls import Entry, entries
from affectflow.weights import WEIGHTS

NEEDED = (
    "numpy", "polars", "pyarrow", "av", "ffmpeg-python", "imageio-ffmpeg", "mediapipe", "open3d-cpu",
    "opencv-contrib-python", "neurokit2", "scipy", "scikit-learn", "statsmodels", "openTSNE", "captum", "torch", "snakemake",
    "fastexcel", "xlsxwriter",
)  # fmt: skip
OPTIONAL = {
    "pytorch3d": "the pytorch3d renderer (see docs/weights.md)",
    "face-alignment": "FAN landmarks for EMOCA crops: pip install affectflow[face-alignment]",
    "pyedflib": "signals in EDF files: pip install affectflow[edf]",
    "gradio": "the live page: pip install affectflow[live]",
    "umap-learn": "the analysis umap: pip install affectflow[umap]",
    "snakemake-executor-plugin-slurm": "profiles/slurm: pip install affectflow[slurm]",
}
# What Open3D and OpenCV load; the Debian package that holds each.
LIBRARIES = {
    "usb-1.0": "libusb-1.0-0",
    "EGL": "libegl1",
    "GL": "libgl1",
    "X11": "libx11-6",
    "udev": "libudev1",
    "idn2": "libidn2-0",
    "glib-2.0": "libglib2.0-0",
}


def diagnose(config: str | Path) -> list[Finding]:
    """Look at Python, packages, system libraries, GPU, weights, configuration and sheet.

    Parameters
    ----------
    config
        The configuration file to check.
    """
    findings = [
        Finding(
            "python",
            platform.python_version(),
            platform.python_version_tuple()[:2] in {("3", "10"), ("3", "11"), ("3", "12")},
        )
    ]
    findings += [_package(name, needed=True) for name in NEEDED]
    findings += [_package(name, needed=False, use=use) for name, use in OPTIONAL.items()]
    findings += [_library(name, package) for name, package in LIBRARIES.items()]
    return [*findings, _gpu(), *_weights(Path(config)), *_study(Path(config))]


def _package(name: str, *, needed: bool, use: str = "") -> Finding:
    try:
        return Finding(name, version(name), True, needed)
    except PackageNotFoundError:
        return Finding(
            name, f"not installed{f'; needed for {use}' if use else '; run make env'}", False, needed
        )


def _library(name: str, package: str) -> Finding:
    found = ctypes.util.find_library(name)
    return Finding(f"lib{name}", found or f"missing; run: apt-get install {package}", found is not None)


def _gpu() -> Finding:
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        return Finding("gpu", torch.cuda.get_device_name(0), True, False)
    return Finding("gpu", "no CUDA device; everything runs on the CPU", False, False)


def _weights(config: Path) -> list[Finding]:
    """Tell of each backend with weights of its own whether they are there; needed if the study uses it."""
    try:
        face = read_study(config).face
        chosen = {face.backend, face.units.backend, face.affect.backend}
    except AffectflowError:
        chosen = set()
    findings = []
    for name in WEIGHTS:
        source, folder = load(WEIGHTS, name, "weights"), MODELS / name
        state, ready = state_of(source, folder)
        findings.append(Finding(f"weights {name}", state, ready, name in chosen))
        if source.find(folder).files:
            findings += [
                Finding(f"weights {name}", line, there, False)
                for line, there in official_files(source, folder)
            ]
    return findings


def _study(config: Path) -> list[Finding]:
    try:
        study = read_study(config)
    except AffectflowError as error:
        return [_mistake(str(config), error)]
    recordings: list[Recording] = []
    in_sheet: list[Finding] = []
    try:
        recordings = read_sheet(
            study.recordings,
            signal_formats=set(SIGNAL_FORMATS),
            code_formats=set(CODE_FORMATS),
            event_formats=set(EVENT_FORMATS),
        )
    except AffectflowError as error:
        in_sheet.append(_mistake(study.recordings, error))
    try:
        study, no_models = resolve_auto(study, recordings)
    except AffectflowError as error:
        in_sheet.append(_mistake(str(config), error))
    findings = [
        Finding(str(config), f"study {study.dataset!r}, backend {study.face.backend}", True),
        *_preset(study.features.smoothing.preset),
        *_choices(study),
        *in_sheet,
    ]
    if in_sheet:
        return findings
    people = len({r.subject_id for r in recordings})
    findings.append(Finding(study.recordings, f"{len(recordings)} recordings of {people} people", True))
    absent = [
        p for r in recordings for p in (r.video, r.codes, r.signals, r.events) if p and not _is_there(p)
    ]
    if absent:
        shown = ", ".join(absent[:3]) + (" …" if len(absent) > 3 else "")
        findings.append(Finding("files", f"{len(absent)} of the sheet are missing: {shown}", False))
    if all(finding.what != "train.models" for finding in findings):
        trained = (
            ", ".join(f"{name} (main)" if name == study.train.main else name for name in study.train.models)
            or f"none: {no_models or 'none is asked for'}"
        )
        findings.append(Finding("train.models", trained, not no_models, False))
    return [*findings, *_kinds(study, recordings), *comparisons(study, recordings)]


def _choices(study: Study) -> list[Finding]:
    """Tell which names of the settings do not exist or cannot do what is asked; the workflow stops at them."""
    findings = []
    for key, name, registry in (
        ("face.backend", study.face.backend, BACKENDS),
        ("face.units.backend", study.face.units.backend, UNITS),
        ("face.affect.backend", study.face.affect.backend, {"none": "", **AFFECT}),
        ("features.smoothing.preset", study.features.smoothing.preset, SMOOTHERS),
    ):
        if name not in registry:
            state = f"{name!r} does not exist.{did_you_mean(name, registry)} Choose one of: {', '.join(sorted(registry))}."
            findings.append(Finding(key, state, False))
    backend = study.face.backend
    if study.face.codes.save == "vis" and backend in BACKENDS and backend not in DRAWS_CODES:
        state = (
            f"vis: backend {backend} cannot draw its codes ({', '.join(sorted(DRAWS_CODES))} can). "
            "Set it to vals, or choose another face.backend."
        )
        findings.append(Finding("face.codes.save", state, False))
    train, said = study.train, set[str]()

    def trained() -> dict[str, Entry]:
        return entries(train.models, train.controls if train.models else [], main=train.main)

    checks: dict[str, Callable[[], object]] = {
        "stats.analyses": lambda: check_analyses(study.stats.analyses, contrast=study.stats.contrast),
        "train.models": lambda: check_models(
            train.models, contrast=study.stats.contrast, modalities=train.modalities
        ),
        "train.controls": trained,
        "train.choices": lambda: check_choices(
            train, trained=list(dict.fromkeys(entry.model for entry in trained().values()))
        ),
        "train.rates_hz": lambda: check_rates(train, trained(), length_s=study.features.windows.length_s),
    }
    for key, check in checks.items():
        try:
            check()
        except AffectflowError as error:
            if str(error) not in said:
                findings.append(_mistake(key, error))
            said.add(str(error))
    return findings


def _preset(chosen: str) -> list[Finding]:
    """Say what the chosen smoothing is, and which others there are, by kind; `_choices` tells of one that is none."""
    if chosen not in SMOOTHERS:
        return []
    kinds: dict[str, list[str]] = {}
    for name, preset in SMOOTHERS.items():
        if name != chosen:
            kinds.setdefault(preset.kind, []).append(name)
    others = "; ".join(
        ", ".join(names) + (f" ({kind})" if kind != "none" else "") for kind, names in kinds.items()
    )
    own = SMOOTHERS[chosen]
    kind = f"{own.kind}, " if own.kind != "none" else ""
    return [Finding("features.smoothing.preset", f"{chosen}: {kind}{own.about}. Others: {others}", True)]


def _mistake(what: str, error: AffectflowError) -> Finding:
    """Tell of a user's mistake; the file or the key that the message begins with is not said twice."""
    return Finding(what, str(error).removeprefix("config: ").removeprefix(f"{what}: "), False)


def _kinds(study: Study, recordings: list[Recording]) -> list[Finding]:
    """Tell which analyses are set to what no recording has; they would end without a result."""
    if study.stats.own_table.path:
        return []
    found = {"other"}
    if any(r.video for r in recordings):
        found |= {"codes", "measures"}
        if study.signal.rppg.method != "none":
            found.add("signals")
    if any(r.signals for r in recordings):
        found.add("signals")
    settings = {name: getattr(study.stats, name).kinds for name in ("lda", "tsne", "pca", "umap")}
    return [
        Finding(
            f"stats.{name}.kinds",
            f"{', '.join(kinds)}: no recording has {'a face' if 'signals' in found else 'signals'}. "
            "Set it to [], which takes what there is.",
            False,
        )
        for name, kinds in settings.items()
        if name in study.stats.analyses and kinds and not found & set(kinds)
    ]


def _is_there(path: str) -> bool:
    return path.startswith("resources/simulated/") or Path(path).exists()
