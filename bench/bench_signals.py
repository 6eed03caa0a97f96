"""Time of cleaning an hour of wristband signals, beside the bare NeuroKit2 calls on the same samples.

    python bench/bench_signals.py [--folder SESSION] [--repeats 5]

The hour is simulated (EDA 4 Hz, BVP 64 Hz) unless an Empatica E4 session is named. NeuroKit2's share is
``eda_process`` and ``ppg_process`` with their defaults, which find responses, beats, rate and quality; and, as the
harder measure, only the calls without which there is no level, response or beat (``eda_phasic``,
``eda_findpeaks``, ``ppg_clean``, ``ppg_findpeaks``). Ours gives variability and quality besides. All run in turn, in
one process; best and median of the repeats are printed. Importing is timed apart, in fresh processes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.raw import RawSignal

HOUR_S = 3600
EDA_HZ, BVP_HZ = 4, 64


def simulated_hour(seed: int = 0) -> dict[str, np.ndarray]:
    """An hour of skin conductance with three responses a minute and of a pulse that swings around 70 bpm."""
    rng = np.random.default_rng(seed)
    slow, fast = np.arange(HOUR_S * EDA_HZ) / EDA_HZ, np.arange(HOUR_S * BVP_HZ) / BVP_HZ
    eda = 3 + 0.5 * np.sin(2 * np.pi * slow / 900) + 0.002 * rng.standard_normal(slow.size)
    for onset in np.sort(rng.uniform(0, HOUR_S - 30, HOUR_S // 20)):
        after = np.maximum(slow - onset, 0)
        eda += 0.4 * (np.exp(-after / 4) - np.exp(-after / 0.7))
    turn = 2 * np.pi * np.cumsum((70 + 5 * np.sin(2 * np.pi * fast / 12)) / 60) / BVP_HZ
    bvp = np.sin(turn) + 0.35 * np.sin(2 * turn + 0.8) + 0.05 * rng.standard_normal(fast.size)
    return {"eda": eda, "bvp": 80 * bvp}


def read_session(folder: Path) -> dict[str, np.ndarray]:
    """EDA.csv and BVP.csv of a session: two header lines, then samples."""
    return {name: np.loadtxt(folder / f"{name.upper()}.csv")[2:] for name in ("eda", "bvp")}


def bare(data: dict[str, np.ndarray]) -> None:
    """NeuroKit2 alone."""
    import neurokit2 as nk

    nk.eda_process(data["eda"], sampling_rate=EDA_HZ)
    nk.ppg_process(data["bvp"], sampling_rate=BVP_HZ)


def least(data: dict[str, np.ndarray]) -> None:
    """Only what finds level, responses and beats."""
    import neurokit2 as nk

    phasic = nk.eda_phasic(data["eda"], sampling_rate=EDA_HZ, method="highpass")["EDA_Phasic"]
    nk.eda_findpeaks(phasic, sampling_rate=EDA_HZ)
    clean = nk.ppg_clean(data["bvp"], sampling_rate=BVP_HZ)
    nk.ppg_findpeaks(clean, sampling_rate=BVP_HZ)


def ours(data: dict[str, np.ndarray]) -> None:
    """The stage's function on the same samples."""
    rates = {"eda": EDA_HZ, "bvp": BVP_HZ}
    units = {"eda": "eda_usiemens", "bvp": "bvp_au"}
    signals = [RawSignal(units[k], np.arange(v.size) / rates[k], v) for k, v in data.items()]
    clean_signals(signals, recording_id="bench")


def seconds_of(work: Callable[[dict[str, np.ndarray]], None], data: dict[str, np.ndarray]) -> float:
    """Wall-clock seconds of one call."""
    begin = time.perf_counter()
    work(data)
    return time.perf_counter() - begin


def import_seconds(code: str) -> float:
    """Wall-clock seconds of a fresh Python that runs a line of code; the best of three."""
    return min(_timed([sys.executable, "-c", code]) for _ in range(3))


def _timed(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="an Empatica E4 session (EDA.csv, BVP.csv)")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    data = read_session(options.folder) if options.folder else simulated_hour()
    warnings.simplefilter("ignore")
    ways = {"nk.eda_process + nk.ppg_process": bare, "its least calls": least, "clean_signals": ours}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(options.repeats + 1):
        for name, work in ways.items():
            seconds = seconds_of(work, data)
            if repeat:  # the first round warms up
                times[name].append(seconds)
    length = data["bvp"].size / BVP_HZ
    print(
        f"{length:.0f} s: EDA {data['eda'].size} samples at {EDA_HZ} Hz, BVP {data['bvp'].size} at {BVP_HZ} Hz"
    )
    mine = times["clean_signals"]
    for name, theirs in times.items():
        best, middle = min(theirs), statistics.median(theirs)
        ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
        print(f"{name:32} best {best:.2f} s, median {middle:.2f} s; clean_signals takes {ratio:.2f} of it")
    only = "import affectflow.signal.clean_signals, affectflow.signal.eda"
    with_pulse = "import affectflow.signal.clean_signals, affectflow.signal.heart"
    print(
        f"import for a job without a pulse wave {import_seconds(only):.2f} s, with one {import_seconds(with_pulse):.2f} s"
    )


if __name__ == "__main__":
    main()
