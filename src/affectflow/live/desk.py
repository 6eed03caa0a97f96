"""The one face that is watched: whose window it is, its stream, its file, its recording."""

from __future__ import annotations

import base64
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affectflow.config.study import Study
from affectflow.errors import AffectflowError, InputError, UsageError
from affectflow.io.disk_errors import disk_trouble
from affectflow.io.video import VideoFrame, read_frames, video_info
from affectflow.live.affect import AffectReader
from affectflow.live.message import frame_message
from affectflow.live.pictures import decode_picture, encode_picture
from affectflow.live.recorder import FrameTime, Recorder, Recording, free_name
from affectflow.live.stream import LiveStream
from affectflow.live.uploads import upload_of

logger = logging.getLogger("affectflow")

CAMERA = "camera"
# A window that has not asked for so long is gone; its recording is written.
GONE_S = 10.0
# Of a file, so many seconds are worked on before the page is told.
TURN_S = 0.08


@dataclass
class _Watch:
    """One window of the page, and what it watches."""

    client: str
    stream: LiveStream
    source: str
    asked_s: float
    recorder: Recorder | None = None
    file: Path | None = None
    frames: Iterator[VideoFrame] | None = None
    duration_s: float | None = None
    written: Recording | None = None


def disk_line(error: OSError) -> str:
    """Return what is wrong with a disk, in one line."""
    where = error.filename or "what was recorded"
    told = disk_trouble(error, str(where))
    said = " ".join(str(error.strerror or error).split())
    return told or f"{where}: cannot be read or written ({said}). Look whether it is still there."


@contextmanager
def _told_of_the_page(file: Path | None, name: str) -> Iterator[None]:
    """Tell of a file what is wrong with it under its own name; who opened it has no sheet to mend."""
    try:
        yield
    except InputError as error:
        what = str(error).replace(str(file), name).partition(". ")[0].rstrip(".")
        raise InputError(f"{what}. Open another video.") from None


class Desk:
    """What the page's requests do. For one caller at a time, always in the same thread.

    Parameters
    ----------
    study
        Settings of the stages.
    folder
        Where recordings go; None = nothing can be recorded.
    affect
        Reads valence and arousal from pixels; None without a network.
    uploads
        Where the videos lie that windows hand over; None = none can be opened.
    """

    def __init__(
        self, study: Study, *, folder: Path | None, affect: AffectReader | None, uploads: Path | None = None
    ) -> None:
        self._study, self._folder, self._affect, self._uploads = study, folder, affect, uploads
        self._watch: _Watch | None = None

    def start(self, client: str, *, file: Path | None = None, name: str = CAMERA) -> dict[str, Any]:
        """Begin to watch a camera, or a file; whatever was watched before ends.

        Parameters
        ----------
        client
            The window's own word for itself.
        file, name
            The video, and what its owner calls it.
        """
        if file is None:
            duration_s = None
        else:
            with _told_of_the_page(file, name):
                duration_s = video_info(file).duration_promised_s
        self._end()
        face = self._study.face
        stream = LiveStream(
            face, self._study.features.blink, affect=self._affect, every_frame=file is not None
        )
        self._watch = _Watch(client, stream, name, time.monotonic(), duration_s=duration_s, file=file)
        if file is not None:
            self._watch.frames = read_frames(file)
        return self._state(self._watch)

    def open(self, client: str, path: str) -> dict[str, Any]:
        """Begin to watch a video that a window has handed over; one that cannot be watched is removed.

        Parameters
        ----------
        path
            Where the server put it.

        Raises
        ------
        UsageError
            If it is none of the files that were handed over.
        """
        file = upload_of(self._uploads, path)
        try:
            return {"name": file.name, **self.start(client, file=file, name=file.name)}
        except AffectflowError:
            file.unlink(missing_ok=True)
            raise

    def frame(self, client: str, jpeg: bytes, time_s: float) -> dict[str, Any]:
        """Look at a picture of the camera; one that comes too late is left out.

        Parameters
        ----------
        jpeg
            As the browser packs it.
        time_s
            On the browser's clock.
        """
        watch = self._of(client)
        if not time_s > watch.stream.last_s:
            return {"late": True, **self._state(watch)}
        at = FrameTime.of_camera(time_s)
        if math.isfinite(watch.stream.last_s) and at.pts <= FrameTime.of_camera(watch.stream.last_s).pts:
            raise UsageError(
                f"time_s {time_s!r}: less than 1 µs after the picture before. Send later pictures later."
            )
        began = time.perf_counter()
        seen = watch.stream.step(decode_picture(jpeg), time_s)
        if watch.recorder is not None:
            watch.recorder.add(seen, at)
        took_ms = round(1e3 * (time.perf_counter() - began), 1)
        return {**frame_message(seen), "took_ms": took_ms, **self._state(watch)}

    def next_of_file(self, client: str) -> dict[str, Any]:
        """Look at the next frames of the file, for a twelfth of a second; the last one is shown."""
        watch = self._of(client)
        if watch.frames is None:
            raise UsageError("no file is open. Choose one.")
        began, n, seen = time.perf_counter(), 0, None
        with _told_of_the_page(watch.file, watch.source):
            for frame in watch.frames:
                # Frames that do not come after the one before them have no place on a page.
                if not frame.time_s > watch.stream.last_s:
                    continue
                seen, n = watch.stream.step(frame.rgb, frame.time_s), n + 1
                if watch.recorder is not None:
                    watch.recorder.add(seen, FrameTime(frame.pts, frame.time_base, frame.keyframe))
                if time.perf_counter() - began >= TURN_S:
                    break
        if seen is None:
            return self._end_of_file(watch)
        jpeg = base64.b64encode(encode_picture(seen.picture.rgb)).decode("ascii")
        message = {**frame_message(seen), "jpeg": jpeg, "frames": n, **self._state(watch)}
        message["took_ms"] = round(1e3 * (time.perf_counter() - began) / n, 1)
        if watch.duration_s:
            message["progress"] = min(seen.picture.time_s / watch.duration_s, 1.0)
        return message

    def _end_of_file(self, watch: _Watch) -> dict[str, Any]:
        try:
            if watch.recorder is not None:
                self._stop_recording(watch)
            return {"done": True, **self._state(watch)}
        finally:
            self._end()

    def neutral(self, client: str, *, wanted: bool) -> dict[str, Any]:
        """Take the face of the next two seconds for the neutral one, or forget it again."""
        watch = self._of(client)
        for keeper in (watch.stream, watch.recorder):
            if keeper is not None:
                (keeper.take_rest if wanted else keeper.forget_rest)()
        return self._state(watch)

    def record(self, client: str, name: str = "") -> dict[str, Any]:
        """Begin to record; without a name, under one made of the source and the time of day.

        Raises
        ------
        UsageError
            If the server was started without a folder, or the name cannot be taken.
        """
        watch = self._of(client)
        if self._folder is None:
            raise UsageError("nowhere to record to. Start again with: affectflow live --record FOLDER")
        if watch.recorder is None:
            stem = watch.source if watch.file is None else Path(watch.source).stem
            watch.recorder = Recorder(
                self._folder,
                name.strip() or free_name(self._folder, stem),
                study=self._study,
                source=watch.source,
                affect=None if self._affect is None else self._affect.name,
            )
        return self._state(watch)

    def stop_recording(self, client: str) -> dict[str, Any]:
        """Write the recording."""
        watch = self._of(client)
        if watch.recorder is not None:
            self._stop_recording(watch)
        return self._state(watch)

    def _stop_recording(self, watch: _Watch) -> None:
        assert watch.recorder is not None
        recorder, watch.recorder = watch.recorder, None
        recording = recorder.stop()
        watch.written = recording
        logger.info(
            "recording %s: %d frames, %.1f s -> %s",
            recording.recording_id, recording.n_frames, recording.duration_s, self._folder,
        )  # fmt: skip

    def leave(self, client: str) -> None:
        """End what a window watches, when it closes."""
        if self._watch is not None and self._watch.client == client:
            self._end()

    def tidy(self) -> None:
        """End what a window watched that is gone without a word."""
        if self._watch is not None and time.monotonic() - self._watch.asked_s > GONE_S:
            self._end()

    def close(self) -> None:
        """End everything: the last recording is written."""
        self._end()
        if self._affect is not None:
            self._affect.close()

    def _end(self) -> None:
        watch, self._watch = self._watch, None
        if watch is None:
            return
        try:
            if watch.recorder is not None:
                self._stop_recording(watch)
        except AffectflowError as error:
            logger.error("%s", error)
        except OSError as error:
            logger.error("%s", disk_line(error))
        finally:
            watch.stream.close()
            if watch.file is not None:
                # The browser's copy of it.
                watch.file.unlink(missing_ok=True)

    def _of(self, client: str) -> _Watch:
        """Return what a window watches; it is told when another one has taken its place."""
        if self._watch is None or self._watch.client != client:
            raise UsageError("this window is not being watched any more. Press Start.")
        self._watch.asked_s = time.monotonic()
        return self._watch

    def _state(self, watch: _Watch) -> dict[str, Any]:
        """Return what the page shows of rest and recording."""
        state: dict[str, Any] = {"rest": watch.stream.rest, "recording": None, "written": None}
        if watch.recorder is not None:
            now = watch.recorder
            state["recording"] = {"name": now.recording_id, "frames": now.n_frames, "seconds": now.duration_s}
        if (last := watch.written) is not None:
            state["written"] = {
                "name": last.recording_id,
                "frames": last.n_frames,
                "folder": str(self._folder),
            }
        return state
