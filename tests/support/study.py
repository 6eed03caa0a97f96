"""A small study in a folder of its own, run through the real Snakefile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

# Small enough for seconds, large enough for every stage: 4 people, 3 folds.
SMALL: dict[str, Any] = {
    "dataset": "small",
    "recordings": "recordings.tsv",
    "datasets": {"simulated": {"duration_s": 6, "fps": 15, "width_px": 320, "height_px": 240}},
    "features": {"windows": {"length_s": 2, "stride_s": 1}},
    "stats": {"lda": {"n_permutations": 19, "n_bootstrap": 200}},
    "train": {
        "models": ["logistic", "cross_modal"],
        "controls": ["time_only"],
        "bootstrap": 200,
        "loop": {"epochs": 2},
    },
    "viz": {"overlays": "none"},
}


@dataclass(frozen=True)
class WorkflowStudy:
    """A folder with a configuration and a sheet."""

    folder: Path

    @property
    def results(self) -> Path:
        """Where the study's results are."""
        return self.folder / "results" / yaml.safe_load((self.folder / "study.yaml").read_text())["dataset"]

    def write_config(self, **changes: Any) -> None:
        """Write study.yaml: `SMALL` with other sections laid over it."""
        config = {**SMALL, **changes}
        (self.folder / "study.yaml").write_text(yaml.safe_dump(config))

    def write_sheet(self, rows: list[dict[str, str]]) -> None:
        """Write recordings.tsv."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        lines = ["\t".join(columns), *("\t".join(row.get(c, "") for c in columns) for row in rows)]
        (self.folder / "recordings.tsv").write_text("\n".join(lines) + "\n")

    def snakemake(self, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        """Run the real workflow in this folder."""
        return subprocess.run(
            self._command(*arguments, cores=cores),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )

    def start(self, *arguments: str, cores: int = 2) -> subprocess.Popen[bytes]:
        """Start the real workflow as the head of a process group of its own, to be killed with all its jobs."""
        return subprocess.Popen(
            self._command(*arguments, cores=cores),
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _command(self, *arguments: str, cores: int) -> list[str]:
        return [
            str(Path(sys.executable).with_name("snakemake")), "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(self.folder), "--configfile", str(self.folder / "study.yaml"),
            "--workflow-profile", str(ROOT / "profiles/default"), "--cores", str(cores), *arguments,
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        return {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}

    def planned(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a dry run plans; {} when there is nothing to do."""
        result = self.snakemake("-n", *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        text = result.stdout + result.stderr
        if "Nothing to be done" in text:
            return {}
        table = text.split("Job stats:")[1].split("total")[0]
        return {rule: int(n) for rule, n in re.findall(r"^(\w+)\s+(\d+)$", table, flags=re.MULTILINE)}


def simulated_rows(
    people: list[str], conditions: tuple[str, ...] = ("baseline", "stressor")
) -> list[dict[str, str]]:
    """Rows of a sheet of simulated recordings."""
    rows = []
    for person in people:
        for condition in conditions:
            name = f"{person}_{condition}"
            base = f"resources/simulated/{name}"
            rows.append(
                {
                    "recording_id": name,
                    "subject_id": person,
                    "condition": condition,
                    "video": f"{base}.mp4",
                    "signals": f"{base}.signals.csv",
                    "events": f"{base}.events.tsv",
                }
            )
    return rows


# Rules of a study without overlays, rPPG and clocks: one job for each recording, and those that gather.
PER_RECORDING = {
    *("probe_video", "transcode_video", "track_faces", "extract_codes", "clean_signals", "join_frames"),
    *("preprocess_frames", "contact_sheet", "check_quality", "quality_page"),
}
GATHERING = {
    *("make_windows", "summarise_phases", "summarise_quality", "run_analysis", "plot_analysis"),
    *("label_windows", "split_subjects", "train_model", "evaluate_models", "describe_model"),
    *("explain_model", "plot_explanations", "audit_models", "describe_methods", "all"),
}


def only_new_recordings_and_gathering(planned: dict[str, int], *, n_new: int) -> bool:
    """Whether every rule of single recordings runs for the new ones alone, and of the others only gathering ones."""
    single = {rule: n for rule, n in planned.items() if rule not in GATHERING}
    return set(single) == PER_RECORDING and set(single.values()) == {n_new} and "make_windows" in planned
