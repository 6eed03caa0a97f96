"""A miniature of Empatica E4 recordings in their exact layout: a folder per session, a file per stream.

Everything in it is simulated. Each person has a session at rest and one with two
stressors, whose limits are the button presses. The quirks of the device are in
it: sensors that settle, a heart rate that starts 10 s late, beats that were
not accepted, streams of different lengths.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from affectflow.datasets.empatica_e4.signals import ACC_STEPS_PER_G
from affectflow.datasets.simulated.design import band_noise, generator
from affectflow.datasets.simulated.drives import PHASE_ENDS, Drive, simulate_drive
from affectflow.io.files import write_text
from affectflow.io.tables import write_free_table

COMMENT = "simulated by affectflow"
SESSIONS = {"rest": 0, "stress": 1}
# What the device needs before it gives a heart rate; a session lasts this much longer than was asked for.
SETTLE_S = 10.0
# 2024-03-05T09:00:00Z; the sessions of a person are an hour apart, the people a day.
FIRST_START, SESSION_STEP_S, PERSON_STEP_S = 1709629200, 3600, 86400
EDA_HZ, TEMP_HZ, BVP_HZ, ACC_HZ, HR_HZ = 4, 4, 64, 32, 1
# Share of beats that the device does not accept, in runs (movement), and the longest run.
REJECTED, RUN = 0.15, 4
UNSETTLED_BVP = 11


def simulate_empatica_e4(
    folder: str | Path, *, people: int = 2, seconds: float = 60.0, seed: int = 1
) -> None:
    """Write the miniature; the same arguments give the same bytes, and more people leave the others as they are.

    Below `folder`: ``E01/rest`` and ``E01/stress`` with ACC, BVP, EDA, HR, IBI, TEMP, tags
    and info.txt, and ``truth/E01_stress.parquet`` with what was designed, 30 rows per second.

    Parameters
    ----------
    folder
        Made when it is not there; files of the same name are replaced.
    people
        E01, E02, ….
    seconds
        Length of each session after the 10 s that the device needs to settle.
    seed
        All random numbers derive from it.
    """
    root = Path(folder)
    length_s = seconds + SETTLE_S
    for place in range(people):
        subject = f"E{place + 1:02d}"
        for code, number in SESSIONS.items():
            drive = simulate_drive(
                subject_id=subject,
                code=code,
                frame_s=np.array([0.0, 0.1]),
                seconds=length_s,
                stressed=code == "stress",
                seed=seed,
            )
            start = FIRST_START + place * PERSON_STEP_S + number * SESSION_STEP_S
            rng = generator(seed, "wristband", f"{subject}_{code}")
            _write_session(root / subject / code, drive, start, length_s, rng)
            footer = {"note": COMMENT, "stressors_s": drive.stressors, "start_unix_s": start}
            write_free_table(drive.truth, root / "truth" / f"{subject}_{code}.parquet", footer=footer)


def _write_session(folder: Path, drive: Drive, start: int, length_s: float, rng: np.random.Generator) -> None:
    known = drive.truth["time_s"].to_numpy()

    def at(time: np.ndarray, name: str) -> np.ndarray:
        return np.interp(time, known, drive.truth[name].to_numpy())

    def clock(rate_hz: int, until_s: float) -> np.ndarray:
        return np.arange(round(until_s * rate_hz)) / rate_hz

    # The device stops its streams one after the other.
    eda_s, temp_s, bvp_s = clock(EDA_HZ, length_s - 0.5), clock(TEMP_HZ, length_s), clock(BVP_HZ, length_s)
    eda = np.clip(at(eda_s, "eda_usiemens") + rng.normal(0, 0.003, eda_s.size), 0, None)
    eda[0] = 0.0
    _write_stream(folder / "EDA.csv", start, EDA_HZ, eda, "{:.6f}")
    temp = 33.0 + 0.3 * band_noise(temp_s, low_hz=0.002, high_hz=0.02, rng=rng)
    _write_stream(folder / "TEMP.csv", start, TEMP_HZ, temp, "{:.2f}")

    beat = np.interp(np.arange(1, int(_beats(drive)[-1])), _beats(drive), known)
    _write_stream(folder / "BVP.csv", start, BVP_HZ, _pulse(bvp_s, beat, rng), "{:.2f}")
    # A mean over the last ten seconds, as the device gives it.
    hr_s = clock(HR_HZ, length_s - SETTLE_S)
    hr = [at(np.linspace(t, t + SETTLE_S, 50), "hr_bpm").mean() for t in hr_s]
    _write_stream(folder / "HR.csv", start + round(SETTLE_S), HR_HZ, np.array(hr), "{:.2f}")
    _write_beats(folder / "IBI.csv", start, beat, rng)
    _write_motion(folder / "ACC.csv", start, clock(ACC_HZ, length_s - 0.25), rng)

    # Who rests presses at the same moments, as an experimenter with a plan does.
    presses = [limit for span in drive.stressors for limit in span] or [
        share * length_s for share in PHASE_ENDS
    ]
    write_text("".join(f"{start + t:.2f}\n" for t in presses), folder / "tags.csv")
    write_text(f"{COMMENT}\nThe layout is that of an Empatica E4 session.\n", folder / "info.txt")


def _beats(drive: Drive) -> np.ndarray:
    """Number of beats up to each row of the truth."""
    time, rate = drive.truth["time_s"].to_numpy(), drive.truth["hr_bpm"].to_numpy() / 60
    return np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(time))])


def _pulse(time: np.ndarray, beat: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A systolic wave with its echo at each beat, in the device's units."""
    wave = 4 * band_noise(time, low_hz=0.05, high_hz=0.3, rng=rng)
    for moment in beat:
        near = slice(*np.searchsorted(time, (moment - 0.5, moment + 0.8)))
        since = time[near] - moment
        wave[near] += 60 * np.exp(-0.5 * (since / 0.09) ** 2) + 18 * np.exp(
            -0.5 * ((since - 0.32) / 0.1) ** 2
        )
    wave = wave - wave.mean() + rng.normal(0, 0.8, time.size)
    wave[:UNSETTLED_BVP] = -0.0
    return wave


def _write_beats(path: Path, start: int, beat: np.ndarray, rng: np.random.Generator) -> None:
    """A line per accepted beat: its time and the interval that ended with it, both on the device's 1/64 s."""
    accepted = np.ones(beat.size, dtype=bool)
    for first in np.flatnonzero(rng.uniform(size=beat.size) < REJECTED / RUN * 2):
        accepted[first : first + int(rng.integers(1, RUN + 1))] = False
    ticks = np.round(beat * BVP_HZ) / BVP_HZ
    lines = [f"{start:.6f}, IBI"]
    # An interval needs both its beats.
    for i in np.flatnonzero(accepted[1:] & accepted[:-1]) + 1:
        lines.append(f"{ticks[i]:.6f},{ticks[i] - ticks[i - 1]:.6f}")
    write_text("\n".join(lines) + "\n", path)


def _write_motion(path: Path, start: int, time: np.ndarray, rng: np.random.Generator) -> None:
    """A wrist at rest: gravity, turning a little."""
    tilt, roll = (0.2 * band_noise(time, low_hz=0.02, high_hz=0.3, rng=rng) for _ in range(2))
    axes = (np.sin(tilt), -np.cos(tilt) * np.cos(roll), np.cos(tilt) * np.sin(roll))
    steps = np.rint(ACC_STEPS_PER_G * np.stack(axes) + rng.normal(0, 0.6, (3, time.size))).astype(int)
    head = [", ".join([f"{start:.6f}"] * 3), ", ".join([f"{ACC_HZ:.6f}"] * 3)]
    write_text("\n".join([*head, *(f"{x},{y},{z}" for x, y, z in steps.T)]) + "\n", path)


def _write_stream(path: Path, start: int, rate_hz: int, values: np.ndarray, form: str) -> None:
    decimals = 2 if path.stem == "BVP" else 6
    lines = [f"{start:.{decimals}f}", f"{rate_hz:.6f}", *(form.format(v) for v in values)]
    write_text("\n".join(lines) + "\n", path)
