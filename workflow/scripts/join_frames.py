"""Join the codes, signals and phases of one recording on the time of each frame."""

from affectflow.datasets import EVENT_FORMATS, EVENT_STARTS
from affectflow.features.device_events import place_events
from affectflow.features.join_frames import join_frames, signal_frames
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.registry import load
from affectflow.signal.raw import device_offset_s

with stage(snakemake) as footer:
    recording_id, files, params = snakemake.wildcards.recording_id, snakemake.input, snakemake.params
    codes = read_table(files.codes, "codes") if files.codes else None
    signals = read_table(files.signals, "signals") if files.signals else None
    clock = read_table(files.clock, "clocks") if files.clock else None
    rppg = read_table(files.rppg, "signals") if files.rppg else None
    if files.video_frames:
        video_frames = read_table(files.video_frames, "video_frames")
    else:
        video_frames = signal_frames(signals, recording_id=recording_id, rate_hz=params.signals_only_rate_hz)
    read_events = load(EVENT_FORMATS, params.events_format, "events_format")
    events = read_events(params.events) if params.events else None
    if events is not None and params.events_format in EVENT_STARTS:
        started = load(EVENT_STARTS, params.events_format, "events_format")(params.events)
        events = place_events(
            events,
            offset_s=device_offset_s(
                started, video_start_unix_s=params.video_start_unix_s, signal_offset_s=params.offset_s
            ),
            clock=clock,
            frame_s=video_frames["time_s"].to_numpy(),
            where=params.events,
        )
    frames = join_frames(
        video_frames,
        codes,
        signals,
        events,
        clock=clock,
        rppg=rppg,
        subject_id=params.subject_id,
        condition=params.condition,
        pair=params.pair,
        max_gap_s=params.max_gap_s,
        events_name=params.events or "events",
    )
    write_table(frames, snakemake.output.frames, "frames", footer=footer)
