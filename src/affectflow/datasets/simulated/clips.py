"""Miniatures of data sets of labelled clips, in their exact layouts, drawn with the simulated face.

A clip begins with a face at rest and goes over to what its label says: brows,
lips and lids move as in `SHOWN`, in every clip a little otherwise. Nobody feels
anything here, and a network that learns these clips has learnt about drawings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from affectflow.datasets.clips.emotions import DFEW, EMOTIONS
from affectflow.datasets.clips.in_the_wild import DFEW_CLIPS, DFEW_SPLITS, FOLDS
from affectflow.datasets.simulated.design import generator
from affectflow.datasets.simulated.face import VIEW_HEIGHT, FaceRenderer
from affectflow.datasets.simulated.person import make_person
from affectflow.datasets.simulated.recording import COMMENT
from affectflow.errors import UsageError
from affectflow.io.files import whole_file, write_text
from affectflow.io.video_writer import VideoWriter

# Brow, corners of the mouth, pressed lips (as in `design.FaceCourse`) and lids, fully shown.
SHOWN = {
    "Angry": (-0.9, -0.2, 0.9, 0.0),
    "Disgust": (-0.5, -0.7, 0.0, 0.45),
    "Fear": (0.7, -0.8, 0.0, 0.0),
    "Happy": (0.1, 0.95, 0.0, 0.1),
    "Neutral": (0.0, 0.0, 0.0, 0.0),
    "Sad": (-0.1, -0.8, 0.1, 0.3),
    "Surprise": (0.95, 0.4, 0.0, 0.0),
}
SIDE_PX = 224
FPS, N_FRAMES = 16, 16
# How fully it is shown, when it begins and how long it takes to come, shares of the clip.
STRENGTH, BEGINS, COMES = (0.7, 1.0), (0.1, 0.3), (0.15, 0.3)
WOBBLE_SD, TURN_SD_DEG, NOISE_SD = 0.05, 3.0, 2.0
# One clip of so many is a folder of pictures, the others are videos.
PICTURES_EVERY = 3
TICKS_PER_FRAME = 512
CRF = 14


@dataclass(frozen=True)
class SimulatedClip:
    """One labelled clip.

    Attributes
    ----------
    person
        Number of who is seen, from 0 on.
    emotion
        A name in `SHOWN`.
    as_pictures
        Whether it is kept as a folder of pictures.
    rgb_thwc
        The frames, 16 per second, (16, 224, 224, 3) uint8.
    """

    person: int
    emotion: str
    as_pictures: bool
    rgb_thwc: NDArray[np.uint8]


def simulated_clips(*, people: int, each: int, seed: int) -> Iterator[SimulatedClip]:
    """Yield the clips of every person, emotion after emotion; the same arguments give the same ones.

    Parameters
    ----------
    people, each
        How many people, and clips of each.
    seed
        All random numbers derive from it; more people or clips leave the others as they are.
    """
    names = list(SHOWN)
    for person in range(people):
        subject = f"C{person + 1:02d}"
        renderer = FaceRenderer(
            make_person(subject, seed=seed, scale=SIDE_PX / VIEW_HEIGHT), width_px=SIDE_PX, height_px=SIDE_PX
        )
        for number in range(each):
            emotion = names[(person + number) % len(names)]
            rng = generator(seed, "clips", f"{subject}_{number}")
            yield SimulatedClip(
                person, emotion, (person + number) % PICTURES_EVERY == 2, _drawn(renderer, emotion, rng)
            )


def _drawn(renderer: FaceRenderer, emotion: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    strength, begins, comes = (rng.uniform(*ends) for ends in (STRENGTH, BEGINS, COMES))
    part_t = np.clip((np.linspace(0, 1, N_FRAMES) - begins) / comes, 0, 1)
    shown_tm = strength * (part_t**2 * (3 - 2 * part_t))[:, None] * np.array(SHOWN[emotion])
    # A clip's own way of showing it, and of holding the head.
    shown_tm = shown_tm + rng.normal(0, WOBBLE_SD, 4)
    turn = np.deg2rad(rng.normal(0, TURN_SD_DEG, 3))
    frames = []
    for brow, smile, press, lids in np.clip(shown_tm, (-1, -1, 0, 0), 1):
        picture = renderer.draw(blink=lids, brow=brow, smile=smile, lip_press=press, rotation=turn)
        noise = rng.normal(0, NOISE_SD, picture.shape).astype(np.float32)
        frames.append(np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U)))
    return np.stack(frames)


def simulate_dfew(folder: str | Path, *, people: int = 10, each: int = 7, seed: int = 1) -> None:
    """Write a miniature of DFEW: its five sets of tested and trained clips, videos and folders of pictures.

    All clips of a person are tested in the same set, which the real data set does not promise.

    Parameters
    ----------
    folder
        Made when it is not there.
    people
        At least 5: nobody is in two sets, and none of the five is empty.
    each, seed
        See `simulated_clips`.

    Raises
    ------
    UsageError
        If there are fewer than 5 people.
    """
    if people < len(FOLDS):
        raise UsageError(
            f"dfew has {len(FOLDS)} sets, each with people of its own: {people} are too few. Give --people 5 or more."
        )
    folder = Path(folder)
    native = {name: number for number, name in DFEW.items()}
    tested: dict[int, list[str]] = {k: [] for k in FOLDS}
    for i, clip in enumerate(simulated_clips(people=people, each=each, seed=seed), start=1):
        videos, pictures = (folder / place for place in DFEW_CLIPS[:2])
        _write_clip(clip, video=videos / f"{i}.mp4", pictures=pictures / f"{i:05d}")
        tested[FOLDS[clip.person % len(FOLDS)]].append(f"{i},{native[clip.emotion]}")
    tests = folder / DFEW_SPLITS
    trains = tests.with_name(tests.name.replace("test", "train"))
    for k, lines in tested.items():
        others = [line for other, own in tested.items() if other != k for line in own]
        for place, own in ((tests, lines), (trains, others)):
            write_text("\n".join(["video_name,label", *own]) + "\n", place / f"set_{k}.csv")


def simulate_clips(folder: str | Path, *, people: int = 10, each: int = 7, seed: int = 1) -> None:
    """Write a plain list of clips, ``faces.csv``, beside its videos and folders of pictures.

    The list does not say who is seen, so each of the `people` × `each` clips is of a person of its own.

    Parameters
    ----------
    folder
        Made when it is not there.
    people, each
        Their product is the number of clips.
    seed
        See `simulated_clips`.
    """
    folder, lines = Path(folder), []
    for i, clip in enumerate(simulated_clips(people=people * each, each=1, seed=seed), start=1):
        name = Path("clips", f"{i:04d}")
        video = name.with_suffix(".mp4")
        _write_clip(clip, video=folder / video, pictures=folder / name)
        lines.append(f"{name if clip.as_pictures else video},{EMOTIONS.index(clip.emotion)}")
    write_text("\n".join(lines) + "\n", folder / "faces.csv")


def _write_clip(clip: SimulatedClip, *, video: Path, pictures: Path) -> None:
    if clip.as_pictures:
        _write_pictures(clip.rgb_thwc, pictures)
        return
    with VideoWriter(
        video, SIDE_PX, SIDE_PX, time_base=Fraction(1, FPS * TICKS_PER_FRAME), crf=CRF, comment=COMMENT
    ) as writer:
        for i, rgb in enumerate(clip.rgb_thwc):
            writer.write(rgb, i / FPS)


def _write_pictures(frames: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], folder: Path) -> None:
    for i, rgb in enumerate(frames, start=1):
        with whole_file(folder / f"{i}.jpg") as temporary:
            written = cv2.imwrite(str(temporary), rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        assert written
