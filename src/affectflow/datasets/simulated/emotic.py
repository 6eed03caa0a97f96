"""A miniature of EMOTIC in its packaging as arrays: scenes with simulated people, and a crop of each person.

Emotions follow a person's valence and arousal, which the face shows (see
`simulated.pictures`) and the scene as well: bright and warm where it is pleasant,
striped where it is lively. Some people are seen from behind, some stand half
outside of the picture.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from affectflow.datasets.simulated.design import generator
from affectflow.datasets.simulated.pictures import SIDE_PX, StillPicture, simulated_pictures
from affectflow.io.files import whole_file

# The columns of the packaging, in its own order.
EMOTIONS = (
    "Peace", "Affection", "Esteem", "Anticipation", "Engagement", "Confidence", "Happiness", "Pleasure", "Excitement",
    "Surprise", "Sympathy", "Doubt/Confusion", "Disconnection", "Fatigue", "Embarrassment", "Yearning", "Disapproval",
    "Aversion", "Annoyance", "Anger", "Sensitivity", "Sadness", "Disquietment", "Fear", "Pain", "Suffering",
)  # fmt: skip
# Where each emotion is at home, valence and arousal, and how often it is told there.
HOMES = {
    "Peace": (0.5, -0.6, 0.8), "Affection": (0.7, 0.0, 0.5), "Esteem": (0.5, 0.0, 0.3), "Anticipation": (0.2, 0.6, 0.8),
    "Engagement": (0.1, 0.2, 1.0), "Confidence": (0.5, 0.3, 0.7), "Happiness": (0.8, 0.3, 0.95),
    "Pleasure": (0.7, -0.1, 0.6), "Excitement": (0.5, 0.7, 0.9), "Surprise": (0.1, 0.9, 0.4), "Sympathy": (0.3, -0.2, 0.3),
    "Doubt/Confusion": (-0.3, 0.1, 0.4), "Disconnection": (-0.2, -0.6, 0.7), "Fatigue": (-0.3, -0.8, 0.6),
    "Embarrassment": (-0.3, 0.4, 0.12), "Yearning": (-0.1, -0.2, 0.2), "Disapproval": (-0.5, 0.2, 0.4),
    "Aversion": (-0.7, 0.2, 0.3), "Annoyance": (-0.6, 0.4, 0.5), "Anger": (-0.8, 0.7, 0.5),
    "Sensitivity": (-0.4, -0.3, 0.2), "Sadness": (-0.7, -0.5, 0.7), "Disquietment": (-0.5, 0.5, 0.5),
    "Fear": (-0.6, 0.8, 0.3), "Pain": (-0.9, 0.3, 0.15), "Suffering": (-0.9, -0.2, 0.3),
}  # fmt: skip
REACH = 0.45
# How many annotators' labels are merged, by split; train has one's.
ANNOTATORS = {"train": 1, "extra_train": 1, "val": 3, "test": 3}
# Of the people one after the other; nobody is in two.
SIDES = ("train", "train", "val", "test", "train", "extra_train")
WIDTH, HEIGHT = 400, 240
# How much of a person who stands at the edge is cut off: a good part of the face.
OUTSIDE_PX = 66
# Every so many pictures have a second person; every so many people are seen from behind, or stand half outside.
SECOND_EVERY, BEHIND_EVERY, OUTSIDE_EVERY = 4, 4, 5
HEAD = ["Filename", "Width", "Height", "Age", "Gender", "Valence", "Arousal", "Dominance"]
TAIL = ["X_min", "Y_min", "X_max", "Y_max", "Arr_name", "Crop_name"]


@dataclass(frozen=True)
class Placed:
    """One person in a scene: the crop (h, w, 3) uint8, its box in the scene, and how it was drawn."""

    picture: StillPicture
    crop: np.ndarray
    box: tuple[int, int, int, int]
    behind: bool


def simulate_emotic(folder: str | Path, *, people: int = 12, each: int = 8, seed: int = 1) -> None:
    """Write the miniature; the same arguments give the same bytes.

    Parameters
    ----------
    folder
        Made when it is not there.
    people
        Of six one after the other three are in train, one in val, test and extra_train each; nobody is in two.
    each
        Pictures of each person.
    seed
        All random numbers derive from it.
    """
    folder = Path(folder)
    of_side: dict[str, list[StillPicture]] = {side: [] for side in dict.fromkeys(SIDES)}
    for one in simulated_pictures(people=people, each=each, seed=seed):
        of_side[SIDES[(int(one.person[1:]) - 1) % len(SIDES)]].append(one)
    n_scenes = 0
    for side, pictures in of_side.items():
        rng = generator(seed, "emotic", side)
        rows: list[list[object]] = []
        for scene, placed in _scenes([pictures[i] for i in rng.permutation(len(pictures))], rng):
            name = f"img_arr_{n_scenes}.npy"
            _write_array(scene, folder / "img_arrs" / name)
            for person in placed:
                crop = f"crop_arr_{side}_{len(rows)}.npy"
                _write_array(person.crop, folder / "img_arrs" / crop)
                rows.append(
                    [f"simulated_{n_scenes:06d}.jpg", *_labels(person, ANNOTATORS[side], rng), name, crop]
                )
            n_scenes += 1
        _write_csv([[*HEAD, *EMOTIONS, *TAIL], *rows], folder / "annots_arrs" / f"annot_arrs_{side}.csv")


def _scenes(
    pictures: Sequence[StillPicture], rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, list[Placed]]]:
    """Yield scenes (240, 400, 3) with one or two of the people each."""
    waiting, n = list(pictures), 0
    while waiting:
        n += 1
        people = [waiting.pop() for _ in range(min(2 if n % SECOND_EVERY == 0 else 1, len(waiting)))]
        scene = _background(people[0], rng)
        boxes = []
        for place, one in enumerate(people):
            outside = (n + place) % OUTSIDE_EVERY == 0
            # Cut by the scene's near edge, or well inside of its half.
            edge = -OUTSIDE_PX if place == 0 else WIDTH - SIDE_PX + OUTSIDE_PX
            left = edge if outside else 10 + 200 * place + int(rng.integers(0, 30))
            top = HEIGHT - SIDE_PX - int(rng.integers(0, 40))
            behind = (n + place) % BEHIND_EVERY == 1
            _paste(scene, _seen_from_behind(one) if behind else one.rgb, left, top)
            boxes.append((one, _crop_box(left, top), behind))
        yield (
            scene,
            [
                Placed(one, scene[y0:y1, x0:x1].copy(), (x0, y0, x1, y1), b)
                for one, (x0, y0, x1, y1), b in boxes
            ],
        )


def _crop_box(left: int, top: int) -> tuple[int, int, int, int]:
    """A person's box as an annotator draws it: some scene around, cut at the picture's edges."""
    return max(left - 6, 0), max(top - 20, 0), min(left + SIDE_PX + 6, WIDTH), HEIGHT


def _background(one: StillPicture, rng: np.random.Generator) -> np.ndarray:
    """A wall, bright and warm as the first person's valence, with stripes as strong as the arousal."""
    warm = np.array([60.0, 15.0, -50.0]) * one.valence
    x = np.arange(WIDTH)[None, :, None]
    stripes = 35 * (one.arousal + 1) / 2 * np.sign(np.sin(x / 5.0 + rng.uniform(0, 6)))
    wall = 125 + 45 * one.valence + warm + stripes + rng.normal(0, 4, (HEIGHT, WIDTH, 1))
    return np.clip(wall, 0, 255).astype(np.uint8)


def _seen_from_behind(one: StillPicture) -> np.ndarray:
    """The head without its face: covered by hair."""
    rgb = one.rgb.copy()
    low, high = one.points.min(axis=0), one.points.max(axis=0)
    middle, axes = (low + high) / 2 - [0, 8], (high - low) * [0.62, 0.78]
    hair = np.full_like(rgb, (70, 48, 34))
    grain = np.abs(np.sin(np.arange(rgb.shape[1]) * 1.7))[None, :, None] * 25
    hair = np.clip(hair + grain, 0, 255).astype(np.uint8)
    mask = cv2.ellipse(
        np.zeros(rgb.shape[:2], np.uint8), middle.round().astype(int).tolist(), axes.round().astype(int).tolist(),
        0, 0, 360, 255, -1,
    )  # fmt: skip
    rgb[mask > 0] = hair[mask > 0]
    return rgb


def _paste(scene: np.ndarray, rgb: np.ndarray, left: int, top: int) -> None:
    first, last = max(-left, 0), min(WIDTH - left, SIDE_PX)
    scene[top : top + SIDE_PX, left + first : left + last] = rgb[:, first:last]


def _labels(person: Placed, annotators: int, rng: np.random.Generator) -> list[object]:
    """Everything between Filename and the names of the arrays."""
    one = person.picture
    said = np.zeros(len(EMOTIONS), bool)
    for _ in range(annotators):
        for k, name in enumerate(EMOTIONS):
            valence, arousal, often = HOMES[name]
            far = np.hypot(one.valence - valence, one.arousal - arousal)
            said[k] |= bool(rng.random() < often * np.exp(-0.5 * (far / REACH) ** 2))
    numbers = [
        round(float(np.clip(5.5 + 4.5 * x, 1, 10)), 1) for x in (one.valence, one.arousal, 0.5 * one.valence)
    ]
    facts = [WIDTH, HEIGHT, ("Kid", "Teenager", "Adult")[int(one.person[1:]) % 3], "Female"]
    return [*facts, *numbers, *said.astype(int).tolist(), *person.box]


def _write_array(array: np.ndarray, path: Path) -> None:
    with whole_file(path) as temporary:
        np.save(temporary, array, allow_pickle=False)


def _write_csv(rows: Sequence[Sequence[object]], path: Path) -> None:
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
