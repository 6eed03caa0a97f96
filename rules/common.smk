# Everything the other rule files look up: settings, sheet, paths. Read once, when the workflow is parsed.
import sys
import time
from functools import partial
from pathlib import Path

from affectflow.config.asked_paths import Makeable, check_asked_path
from affectflow.config.base import read_settings
from affectflow.config.sheet import read_sheet
from affectflow.config.study import Study
from affectflow.datasets import CODE_FORMATS, EVENT_FORMATS, SIGNAL_FORMATS
from affectflow.errors import AffectflowError, did_you_mean
from affectflow.io.log import errors_since
from affectflow.train.protocol.auto_models import resolve_auto
from affectflow.versions import STAGE_VERSIONS
from affectflow.weights import WEIGHTS
from snakemake.cli import get_argument_parser
from snakemake.io import get_wildcard_constraints, strip_wildcard_constraints

SIMULATED_FOLDER = "resources/simulated/"
# Videos made of clips that are folders of pictures (the sheet's column picture_folder).
PACKED_FOLDER = "resources/packed/"
STARTED = time.time()


def stop(message, exit_code=2):
    """End with a user's mistake: the message alone, without Snakemake's traceback."""
    print(message, file=sys.stderr)
    sys.stderr.flush()
    os._exit(exit_code)


try:
    STUDY = read_settings(Study, config, "config")
    LISTED = read_sheet(
        STUDY.recordings,
        with_excluded=True,
        signal_formats=set(SIGNAL_FORMATS),
        code_formats=set(CODE_FORMATS),
        event_formats=set(EVENT_FORMATS),
    )
    RECORDINGS = {r.recording_id: r for r in LISTED if not r.exclude}
    STUDY, NO_MODELS = resolve_auto(STUDY, RECORDINGS.values())
except AffectflowError as error:
    stop(error, error.exit_code)

RESULTS = f"results/{STUDY.dataset}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"

WITH_VIDEO = [name for name, r in RECORDINGS.items() if r.video]
# Whose codes exist already, and whose are made here.
IMPORTED = [name for name in WITH_VIDEO if RECORDINGS[name].codes]
EXTRACTED = [name for name in WITH_VIDEO if not RECORDINGS[name].codes]
WITH_SIGNALS = [name for name, r in RECORDINGS.items() if r.signals]
# What `rule all` asks for; each rule file adds its own final outputs.
TARGETS = []


wildcard_constraints:
    recording_id=r"[A-Za-z0-9_-]+",
    backend=r"[a-z0-9_]+",
    analysis=r"[a-z0-9_]+",
    model=r"[a-z0-9_]+",


def recording(wildcards):
    """The sheet's row of a job."""
    return RECORDINGS[wildcards.recording_id]


def log_of(rule, *wildcards):
    """Path of a rule's log file."""
    return f"{LOGS}/{rule}/" + ("_".join(f"{{{w}}}" for w in wildcards) or rule) + ".log"


def benchmark_of(rule, *wildcards):
    """Path of a rule's benchmark file."""
    return f"{BENCHMARKS}/{rule}/" + ("_".join(f"{{{w}}}" for w in wildcards) or rule) + ".tsv"


def is_simulated(path):
    """Whether the workflow itself makes this file."""
    return bool(path) and str(path).startswith(SIMULATED_FOLDER)


def input_file(path):
    """A user's file as a rule's input; [] when it is absent.

    Snakemake refuses to start when an input of any job is missing. Without it
    as an input the job starts, fails with one clear line, and the other
    recordings go on. The same goes for a pipe or a device, whose checksum
    Snakemake would wait for without end.
    """
    if not path:
        return []
    there = Path(path).is_file() or Path(path).is_dir()
    made = is_simulated(path) or str(path).startswith(PACKED_FOLDER)
    return path if made or there else []


def tell_params_apart(rules):
    """Let Snakemake notice every change of a param.

    It keeps the values of a job's params without their names and compares them
    as a set: two values that change places, or a flag beside another one of the
    same value, would leave old results standing. So each job gets one param
    more, without a name, that says them all with their names.
    """

    def by_name(wildcards, params):
        return repr({name: p(wildcards) if callable(p) else p for name, p in params.items()})

    for each in rules:
        if params := dict(each.params.items()):
            each.set_params(partial(by_name, params=params))


def asked_paths():
    """What the command line asks for. Snakemake tells the rules' files only later, when it is too late for a better word."""
    if Path(sys.argv[0]).stem != "snakemake":
        return []
    return sorted(get_argument_parser().parse_known_args(sys.argv[1:])[0].targets)


def check_asked(rules):
    """Stop with one line when a path was asked for that no rule makes, saying which part of it is unknown."""
    makeable = [
        Makeable(
            strip_wildcard_constraints(path),
            {name: fits.pattern for name, fits in get_wildcard_constraints(path).items()},
        )
        for each in rules
        for path in map(str, each.output)
    ]
    try:
        for path in asked_paths():
            check_asked_path(
                path,
                makeable,
                results=RESULTS,
                known={"recording_id": list(RECORDINGS), "backend": list(BACKENDS)},
            )
    except AffectflowError as error:
        stop(error, error.exit_code)


def one_of(names):
    """A wildcard's pattern that fits these names only."""
    return "|".join(names) or "(?!)"


def weights_of(backend):
    """The converted weights of a backend and their manifest, as inputs; [] for a backend without any."""
    if backend not in WEIGHTS:
        return []
    base = f"resources/models/{backend}/{backend}"
    return [f"{base}.safetensors", f"{base}.manifest.json"]


def has_weights(backend):
    """Whether a backend works without weights, or the user has put something into their folder."""
    return backend not in WEIGHTS or any(Path("resources/models", backend).glob("*"))


def report_of_recording(path, **options):
    """Put one recording's file into the report, unless the study has too many of them."""
    return report(path, **options) if len(RECORDINGS) <= STUDY.viz.report_recordings else path


def study_is_simulated():
    """Whether every recording of this study is simulated; its outputs then say so."""
    return all(is_simulated(r.video or r.signals) for r in RECORDINGS.values())


def chosen(name, registry, key):
    """A name from the settings; a name the registry does not have stops the workflow with one line."""
    if name not in registry:
        hint = did_you_mean(name, registry)
        choices = ", ".join(sorted(registry))
        stop(f"config: {key}: {name!r} does not exist.{hint} Choose one of: {choices}.")
    return name
