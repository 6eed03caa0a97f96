"""Miniatures of data sets of labelled still pictures, in their exact layouts, drawn with the simulated face.

What a face shows follows its labels: the smile goes with valence, brows and lids
with arousal. Nobody feels anything here, and a network that reads these
pictures has learnt about drawings.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.datasets.simulated.codes import projected_points
from affectflow.datasets.simulated.design import generator
from affectflow.datasets.simulated.face import VIEW_HEIGHT, FaceRenderer
from affectflow.datasets.simulated.person import make_person
from affectflow.io.files import whole_file

SIDE_PX = 144
# Of so many people every one is a test person in the data set's own split.
TEST_EVERY = 4
NOISE_SD = 2.0
# Valence and arousal of an expression's middle; what is nearest gives its name.
MIDDLES = {
    "neutral": (0.0, 0.0),
    "happy": (0.7, 0.1),
    "sad": (-0.6, -0.5),
    "surprise": (0.1, 0.7),
    "anger": (-0.6, 0.6),
}


@dataclass(frozen=True)
class StillPicture:
    """One labelled picture.

    Attributes
    ----------
    person, number
        P01, P02, … and the picture's number among that person's.
    test
        Whether the person is one of the data set's test people.
    rgb
        (144, 144, 3) uint8.
    valence, arousal, expression
        The labels, -1..1 and a name of EmoNet's.
    points
        (68, 2) pixels, (0, 0) the picture's corner; lids, brows and lips at rest.
    """

    person: str
    number: int
    test: bool
    rgb: np.ndarray
    valence: float
    arousal: float
    expression: str
    points: np.ndarray


def simulated_pictures(*, people: int, each: int, seed: int) -> Iterator[StillPicture]:
    """Yield the pictures of every person; the same arguments give the same ones.

    Parameters
    ----------
    people
        P01, P02, …; every fourth is a test person.
    each
        Pictures of each.
    seed
        All random numbers derive from it.
    """
    for place in range(people):
        name = f"P{place + 1:02d}"
        person = make_person(name, seed=seed, scale=SIDE_PX / VIEW_HEIGHT)
        renderer = FaceRenderer(person, width_px=SIDE_PX, height_px=SIDE_PX)
        rng = generator(seed, "pictures", name)
        for number in range(each):
            valence, arousal = (round(float(x), 4) for x in rng.uniform(-0.9, 0.9, 2))
            turn = np.deg2rad(rng.normal(0, 3.0, 3))
            wobble = rng.normal(0, 0.05, 3)
            picture = renderer.draw(
                blink=float(np.clip(-0.8 * arousal + wobble[0], 0, 1)),
                brow=float(np.clip(arousal + wobble[1], -1, 1)),
                smile=float(np.clip(valence + wobble[2], -1, 1)),
                lip_press=0.0,
                rotation=turn,
            )
            noise = rng.normal(0, NOISE_SD, picture.shape).astype(np.float32)
            yield StillPicture(
                person=name,
                number=number,
                test=place % TEST_EVERY == TEST_EVERY - 1,
                rgb=np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U)),
                valence=valence,
                arousal=arousal,
                expression=nearest_expression(valence, arousal),
                points=projected_points(person, turn[None], width_px=SIDE_PX, height_px=SIDE_PX)[0],
            )


def nearest_expression(valence: float, arousal: float) -> str:
    """Return the name whose middle is nearest."""
    return min(
        MIDDLES, key=lambda name: float(np.hypot(valence - MIDDLES[name][0], arousal - MIDDLES[name][1]))
    )


def simulate_emodataset(folder: str | Path, *, people: int = 8, each: int = 12, seed: int = 1) -> None:
    """Write a miniature of Emodataset: train/, test/ and their tables; arousal is in 0..1, as there.

    The person is the first part of a file's name (``P01_003.png``); the real data set has no such thing.
    """
    folder = Path(folder)
    rows: dict[str, list[list[object]]] = {"train": [], "test": []}
    for one in simulated_pictures(people=people, each=each, seed=seed):
        split = "test" if one.test else "train"
        name = f"{one.person}_{one.number:03d}.png"
        _write_picture(one.rgb, folder / split / name)
        rows[split].append([name, one.expression, one.valence, round((one.arousal + 1) / 2, 4)])
    for split, made in rows.items():
        table: list[list[object]] = [
            ["", "pth", "label", "valence", "arousal"],
            *([i, *row] for i, row in enumerate(made)),
        ]
        _write_csv(table, folder / f"{split}_labels.csv")


def simulate_affectnet(folder: str | Path, *, people: int = 8, each: int = 12, seed: int = 1) -> None:
    """Write a miniature of AffectNet's own tables and folders, with face boxes and 68 points.

    The last picture of every person is of class 8 (none) and has no valence and arousal (-2).
    """
    folder = Path(folder)
    head = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
    rows: dict[str, list[list[object]]] = {"training": [], "validation": []}
    for one in simulated_pictures(people=people, each=each, seed=seed):
        path = f"{one.person}/{one.number:03d}.png"
        _write_picture(one.rgb, folder / "Manually_Annotated_Images" / path)
        low, high = np.floor(one.points.min(axis=0)), np.ceil(one.points.max(axis=0))
        # A whole number is a pixel's centre there.
        points = ";".join(f"{x:.2f}" for x in (one.points - 0.5).reshape(-1))
        none = one.number == each - 1
        labels = [8, -2, -2] if none else [EXPRESSIONS.index(one.expression), one.valence, one.arousal]
        box = [int(x) for x in (*low, *(high - low))]
        rows["validation" if one.test else "training"].append([path, *box, points, *labels])
    for name, made in rows.items():
        _write_csv([head.split(","), *made], folder / f"{name}.csv")


def simulate_affectnet_npy(folder: str | Path, *, people: int = 8, each: int = 12, seed: int = 1) -> None:
    """Write a miniature of AffectNet's small packaging: numbered pictures with a .npy file per label."""
    folder = Path(folder)
    for i, one in enumerate(simulated_pictures(people=people, each=each, seed=seed)):
        part = folder / ("val_set" if one.test else "train_set")
        _write_picture(one.rgb, part / "images" / f"{i}.png")
        labels = {
            # Text, as numpy.save leaves it there.
            "exp": np.array(str(EXPRESSIONS.index(one.expression))),
            "val": np.array(str(one.valence)),
            "aro": np.array(str(one.arousal)),
            "lnd": (one.points - 0.5).reshape(-1),
        }
        for kind, value in labels.items():
            with whole_file(part / "annotations" / f"{i}_{kind}.npy") as temporary:
                np.save(temporary, value, allow_pickle=False)


def _write_picture(rgb: np.ndarray, path: Path) -> None:
    with whole_file(path) as temporary:
        written = cv2.imwrite(str(temporary), rgb[..., ::-1])
    assert written


def _write_csv(rows: Sequence[Sequence[object]], path: Path) -> None:
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
