"""What can be said of a recording's faces only when all of it has been seen.

Which tracks were chance finds, and which of the others is the person that the
recording is about. The sums are gathered while the faces stream by; a second,
light pass over the table writes the answer down, so memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from affectflow.errors import InputError
from affectflow.schema import FACES

NO_TRACK = -1
# A person who comes back is about as large as before; a passer-by in the background is not.
SMALLEST_HEIGHT_SHARE = 0.5


@dataclass
class _Total:
    first_s: float
    last_s: float
    weight: float = 0.0
    height_px: float = 0.0
    n_rows: int = 0

    @property
    def mean_height_px(self) -> float:
        return self.height_px / self.n_rows

    def together_with(self, other: _Total) -> bool:
        return self.first_s <= other.last_s and other.first_s <= self.last_s


class TrackTotals:
    """Sums over each track of a recording, gathered while its faces stream by.

    Parameters
    ----------
    min_track_s
        A face that was lost again sooner than this was none (lettering, clouds,
        a pattern that resembles a face in single frames).

    Attributes
    ----------
    n_frames
        Frames seen so far.
    """

    def __init__(self, *, min_track_s: float = 0.3) -> None:
        self.n_frames = 0
        self._min_track_s = min_track_s
        self._last_s = 0.0
        self._totals: dict[int, _Total] = {}

    def watch(self, pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Pass pieces of a faces table on, unchanged, and add them up."""
        for piece in pieces:
            self._add(piece)
            yield piece

    def _add(self, piece: pl.DataFrame) -> None:
        # A piece ends with a frame; no frame is in two pieces.
        self.n_frames += piece["frame_id"].n_unique()
        self._last_s = piece["time_s"][-1] if piece.height else self._last_s
        x0, y0, x1, y1 = (pl.col(c).cast(pl.Float64) for c in ("x0_px", "y0_px", "x1_px", "y1_px"))
        sums = (
            piece.filter("valid")
            .group_by("track_id", maintain_order=True)
            .agg(
                weight=((x1 - x0) * (y1 - y0) * pl.col("score")).sum(),
                height_px=(y1 - y0).sum(),
                n_rows=pl.len(),
                first_s=pl.col("time_s").min(),
                last_s=pl.col("time_s").max(),
            )
        )
        for row in sums.iter_rows(named=True):
            total = self._totals.setdefault(row["track_id"], _Total(row["first_s"], row["last_s"]))
            total.weight += row["weight"]
            total.height_px += row["height_px"]
            total.n_rows += row["n_rows"]
            total.last_s = row["last_s"]

    def lasting_tracks(self) -> list[int]:
        """Return the tracks that lasted, in order of appearance.

        A track that is still followed in the last frame counts as lasting.
        """
        return [
            track_id
            for track_id, total in sorted(self._totals.items())
            if total.last_s == self._last_s or total.last_s - total.first_s >= self._min_track_s
        ]

    def primary_tracks(self) -> list[int]:
        """Return the lasting tracks of the person the recording is about.

        The track with the largest sum of box area × score, and those tracks
        that can be the same person seen again: at no time together with a
        track chosen before, and at least half as tall on average. (A row of the
        sheet is one person's recording; someone who looks away for a second
        comes back under a new track number.)
        """
        lasting = {track_id: self._totals[track_id] for track_id in self.lasting_tracks()}
        chosen: dict[int, _Total] = {}
        for track_id, total in sorted(lasting.items(), key=lambda item: (-item[1].weight, item[0])):
            main = next(iter(chosen.values()), total)
            tall = total.mean_height_px >= SMALLEST_HEIGHT_SHARE * main.mean_height_px
            if tall and not any(total.together_with(c) for c in chosen.values()):
                chosen[track_id] = total
        return sorted(chosen)

    def finisher(self, *, n_frames: int, where: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """Return what `finish_faces` does to each piece, once all of them have been seen.

        Parameters
        ----------
        n_frames
            Frames the source has.
        where
            Recording and video, for the message.

        Raises
        ------
        InputError
            If other frames were seen than the source has.
        """
        if self.n_frames != n_frames:
            raise InputError(
                f"{where} decodes to {self.n_frames} frames, its source to {n_frames}. "
                "Re-run: snakemake -R transcode_video"
            )
        lasting, primary = self.lasting_tracks(), self.primary_tracks()
        return lambda faces: finish_faces(faces, lasting=lasting, primary=primary)


def finish_faces(faces: pl.DataFrame, *, lasting: list[int], primary: list[int]) -> pl.DataFrame:
    """Return faces with only lasting tracks, numbered from 0, and the primary ones marked.

    Parameters
    ----------
    faces
        `schema.FACES`, whole frames of one recording.
    lasting, primary
        Track numbers in `faces`, from `TrackTotals`.

    Returns
    -------
    The same frames: a frame that has lost all its faces keeps a row without one.
    """
    number = pl.col("track_id").replace_strict(
        lasting, range(len(lasting)), default=NO_TRACK, return_dtype=pl.Int32
    )
    measured = [c.name for c in FACES.columns if c.nullable]
    return (
        faces.with_columns(
            number.alias("track_id"),
            primary=pl.col("track_id").is_in(primary),
            valid=pl.col("track_id").is_in(lasting),
        )
        .with_columns(pl.when("valid").then(c).alias(c) for c in measured)
        # One row for a frame without a face, none for a false face beside a true one.
        .filter(pl.col("valid") | ~pl.col("valid").any().over("frame_id"))
        .unique(["frame_id", "track_id"], keep="first", maintain_order=True)
        .sort("frame_id", "track_id", maintain_order=True)
    )
