"""Estimate the action units of one recording's face, and find its blinks."""

from affectflow.config.features import Blink
from affectflow.datasets import EVENT_FORMATS, EVENT_STARTS
from affectflow.face.extract_units import extract_units
from affectflow.face.units import UNITS
from affectflow.features.device_events import place_events
from affectflow.features.events import phase_spans
from affectflow.io.log import progress, stage
from affectflow.io.table_stream import read_pieces
from affectflow.io.tables import read_table, write_table
from affectflow.io.video import read_frames
from affectflow.registry import load
from affectflow.signal.raw import device_offset_s
from affectflow.weights.open_model import open_model


def rest_spans():
    """When the face is at rest, on the video's clock; None where nobody has said."""
    if not params.events:
        return None
    frame_s = read_table(files.faces, "faces", columns=["time_s"])["time_s"].to_numpy()
    events = load(EVENT_FORMATS, params.events_format, "events_format")(params.events)
    if params.events_format in EVENT_STARTS and frame_s.size:
        started = load(EVENT_STARTS, params.events_format, "events_format")(params.events)
        offset_s = device_offset_s(
            started, video_start_unix_s=params.video_start_unix_s, signal_offset_s=params.offset_s
        )
        clock = read_table(files.clock, "clocks") if files.clock else None
        events = place_events(events, offset_s=offset_s, clock=clock, frame_s=frame_s, where=params.events)
    return phase_spans(events, params.neutral_phase, frame_s=frame_s, where=params.events)


with stage(snakemake) as footer:
    params, files, recording_id = snakemake.params, snakemake.input, snakemake.wildcards.recording_id
    kind = load(UNITS, snakemake.wildcards.units, "estimator of action units")
    backend = kind.load(
        open_model(snakemake.wildcards.units, params.weights),
        device=kind.choose_device(params.device, granted_gpus=snakemake.resources.get("gpu", 0)),
        options={
            **params.options,
            "blink": params.blink,
            "threads": snakemake.threads,
            "folder": params.weights,
        },
    )
    frames = None
    if backend.needs_video:
        video = read_frames(files.video, recording_id=recording_id, n_threads=snakemake.threads)
        frames = progress(video, total=None, label=f"extract_units {recording_id}, frames")
    units, blinks = extract_units(
        read_pieces(files.faces, "faces"),
        backend,
        frames=frames,
        rest_s=rest_spans(),
        blink=Blink(**params.blink),
        legacy_au43=params.legacy_au43,
    )
    write_table(units, snakemake.output.units, "action_units", footer=footer)
    write_table(blinks, snakemake.output.blinks, "blinks", footer=footer)
