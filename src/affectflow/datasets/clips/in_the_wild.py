"""DFEW, FERV39k and MAFW: clips of films and broadcasts with the data sets' own folds; who is seen is not known.

Layouts as public loaders of these data sets read them; the data themselves were not at hand.
"""

from __future__ import annotations

from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.clips.emotions import DFEW, FERV39K, MAFW
from affectflow.datasets.clips.rows import checked_rows, clip_row
from affectflow.errors import SheetError, UsageError
from affectflow.io.plain_files import shown
from affectflow.io.text import read_text

FOLDS = range(1, 6)
DFEW_SPLITS = "EmoLabel_DataSplit/test(single-labeled)"
# The whole clips first; then pictures of the faces, all of them before the 16.
DFEW_CLIPS = ("Clip/original", "Clip/clip_224x224", "Clip/clip_224x224_16f")
FERV39K_CLIPS, FERV39K_SPLITS = "2_ClipsforFaceCrop", "4_setups/All_scenes"
MAFW_CLIPS, MAFW_SPLITS = "data/clips", "Train & Test Set/single/no_caption"


def list_dfew(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return a row for each single-labelled clip of DFEW; ``fold`` is the official set (1 to 5) that tests it.

    Parameters
    ----------
    folder
        Holds ``Clip`` and ``EmoLabel_DataSplit``.
    pattern, table
        Refused.

    Raises
    ------
    UsageError
        If pattern or table are given.
    SheetError
        If a set is missing or wrong, or a clip is tested twice.
    """
    _refuse(pattern, table, "dfew")
    root = Path(folder)
    tested = _official(
        {str(k): root / DFEW_SPLITS / f"set_{k}.csv" for k in FOLDS}, DFEW, between=",", heading=True
    )
    unknown = next((name for name in tested if not (name.isascii() and name.isdecimal())), None)
    if unknown is not None:
        raise SheetError(f"{root / DFEW_SPLITS}: clip {shown(unknown)} is no number. Get the lists again.")
    if not any((root / place).is_dir() for place in DFEW_CLIPS):
        raise SheetError(f"{folder}: no clips found (looked for {', '.join(DFEW_CLIPS)}).")
    return checked_rows(
        (
            clip_row(
                _dfew_clip(root, int(name)),
                dataset="dfew",
                name=f"{name:>05}",
                emotion=DFEW[label],
                native=label,
                about={"fold": fold},
            )
            for name, (fold, label) in tested.items()
        ),
        folder,
    )


def _dfew_clip(root: Path, number: int) -> Path:
    """The first of the places that has the clip; of those that are there at all the first, where none has it."""
    # Videos go by their number as it is, folders of pictures by five digits.
    places = [root / p for p in DFEW_CLIPS if (root / p).is_dir()]
    paths = [p / (f"{number}.mp4" if p.name == "original" else f"{number:05d}") for p in places]
    return next((path for path in paths if path.exists()), paths[0])


def list_ferv39k(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return a row for each clip of FERV39k; ``split`` is train or test, as the data set has it.

    Parameters
    ----------
    folder
        Holds ``2_ClipsforFaceCrop`` and ``4_setups``.
    pattern, table
        Refused.

    Raises
    ------
    UsageError, SheetError
        As of `list_dfew`.
    """
    _refuse(pattern, table, "ferv39k")
    root = Path(folder)
    lists = {split: root / FERV39K_SPLITS / f"{split}_All.csv" for split in ("train", "test")}
    return checked_rows(
        (
            clip_row(
                root / FERV39K_CLIPS / clip,
                dataset="ferv39k",
                name=clip.replace("/", "_"),
                emotion=FERV39K[label],
                native=label,
                about={"split": split},
            )
            for clip, (split, label) in _official(lists, FERV39K).items()
        ),
        folder,
    )


def list_mafw(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return a row for each single-labelled clip of MAFW; ``fold`` is the official set (1 to 5) that tests it.

    Anxiety, helplessness and disappointment are none of the shared emotions: such clips are excluded, and say so.

    Parameters
    ----------
    folder
        Holds ``data/clips`` and ``Train & Test Set``.
    pattern, table
        Refused.

    Raises
    ------
    UsageError, SheetError
        As of `list_dfew`.
    """
    _refuse(pattern, table, "mafw")
    root = Path(folder)
    own = {**MAFW, **dict.fromkeys(("anxiety", "helplessness", "disappointment"), "")}
    lists = {str(k): root / MAFW_SPLITS / f"set_{k}" / "test.txt" for k in FOLDS}
    return checked_rows(
        (
            clip_row(
                root / MAFW_CLIPS / clip,
                dataset="mafw",
                name=Path(clip).stem,
                emotion=MAFW.get(label),
                native=label,
                about={"fold": fold},
            )
            for clip, (fold, label) in _official(lists, own).items()
        ),
        folder,
    )


def _refuse(pattern: str | None, table: str | Path | None, name: str) -> None:
    if pattern or table:
        raise UsageError(f"{name} knows where its files lie: leave out --pattern and --table.")


def _official(
    lists: dict[str, Path], labels: dict[str, str], *, between: str = " ", heading: bool = False
) -> dict[str, tuple[str, str]]:
    """Return for each clip of the official lists the part that names it, and its label there."""
    found: dict[str, tuple[str, str]] = {}
    for part, path in lists.items():
        text = read_text(path, what="list of clips", place="DIR")
        lines = [line.strip() for line in text.splitlines() if line.strip()][heading:]
        if not lines:
            raise SheetError(f"{path}: names no clip. Get the lists again.")
        for line in lines:
            clip, _, label = (word.strip() for word in line.rpartition(between))
            _check(clip, label, labels, path)
            if clip in found:
                raise SheetError(
                    f"{path}: clip {shown(clip)} is already in {found[clip][0]!r}. Get the lists again."
                )
            found[clip] = part, label
    return found


def _check(clip: str, label: str, labels: dict[str, str], path: Path) -> None:
    if label not in labels:
        raise SheetError(
            f"{path}: clip {shown(clip)} has the label {shown(label)}; expected one of {', '.join(labels)}. Get the lists again."
        )
    # The list is data: it names clips of its own data set, never another place.
    if not clip or Path(clip).is_absolute() or ".." in Path(clip).parts:
        raise SheetError(f"{path}: {shown(clip)} is no clip of this data set. Get the lists again.")
