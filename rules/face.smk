# Faces: where they are in every frame, and their codes.
from affectflow.face import affect, units
from affectflow.face.backends import BACKENDS, NEEDS_GPU, NEEDS_VIDEO
from affectflow.face.expressions.mapping import chosen_expressions

BACKEND = chosen(STUDY.face.backend, BACKENDS, "face.backend")


# Recordings that share a GPU job, which loads its networks once.
BATCHES = {}
for name in EXTRACTED:
    if RECORDINGS[name].batch:
        BATCHES.setdefault(RECORDINGS[name].batch, []).append(name)

TRACKING = dict(
    max_faces=STUDY.face.max_faces,
    detection_score_min=STUDY.face.detection_score_min,
    presence_score_min=STUDY.face.presence_score_min,
    detect_every_s=STUDY.face.detect_every_s,
    min_track_s=STUDY.face.min_track_s,
    max_gap_s=STUDY.face.max_gap_s,
    mirrored_pass=STUDY.face.mirrored_pass,
)


def tried_faces(wildcards):
    """The folder with a batch member's faces, or why it has none; [] for a recording without a batch."""
    name = wildcards.recording_id
    batched = BACKEND in NEEDS_GPU and name in EXTRACTED and RECORDINGS[name].batch
    return f"{RESULTS}/faces/.tried/{name}" if batched else []


# For members of a batch: ends well whatever the recording is like, so that the batch need not wait for a bad one.
# track_faces then takes the table from here, or fails with the reason. The folder stays: the table in it and the one
# in faces/ are one file under two names.
rule try_faces:
    input:
        video=rules.transcode_video.output.video,
        frames=rules.probe_video.output.frames,
    output:
        folder=directory(RESULTS + "/faces/.tried/{recording_id}"),
    log:
        log_of("try_faces", "recording_id"),
    benchmark:
        benchmark_of("try_faces", "recording_id")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        **TRACKING,
        version=STAGE_VERSIONS["try_faces"],
    message:
        "try_faces {wildcards.recording_id}"
    script:
        "../workflow/scripts/try_faces.py"


rule track_faces:
    input:
        video=rules.transcode_video.output.video,
        frames=rules.probe_video.output.frames,
        tried=tried_faces,
    output:
        faces=RESULTS + "/faces/{recording_id}.parquet",
    log:
        log_of("track_faces", "recording_id"),
    benchmark:
        benchmark_of("track_faces", "recording_id")
    conda:
        "../envs/face.yaml"
    # One core each: the networks gain little from a second, another recording gains all of it.
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        **TRACKING,
        version=STAGE_VERSIONS["track_faces"],
    message:
        "track_faces {wildcards.recording_id}"
    script:
        "../workflow/scripts/track_faces.py"


def batch_of(wildcards):
    """The batch that makes a job's codes, or None; backends without networks are quick enough alone."""
    return recording(wildcards).batch if wildcards.backend in NEEDS_GPU else None


# Pictures of codes are drawn from all of them, and without wrinkles where the weights have no detail.
CODE_OPTIONS = {"parameters": STUDY.face.codes.parameters}
if STUDY.face.codes.save == "vis":
    asked = ["detail"] if "detail" in STUDY.face.codes.parameters else []
    CODE_OPTIONS = {"parameters": ["shape", "tex", "cam", "light", *asked], "parameters_if_there": ["detail"]}


def backend_settings(backend):
    """A backend's own section of the settings, if it has one."""
    return getattr(STUDY.face, backend, None)


def backend_options(wildcards):
    """What `load` of a backend is told; threads change nothing in the results and are given by the job."""
    section = backend_settings(wildcards.backend)
    if section is None:
        return {}
    return {**section.model_dump(exclude={"threads"}), **CODE_OPTIONS}


def backend_threads(wildcards):
    """How many threads a backend is worth: one, unless its settings say otherwise."""
    return getattr(backend_settings(wildcards.backend), "threads", 1)


def backend_gpus(wildcards):
    """One for a network, unless the study is to run on the CPU."""
    return int(wildcards.backend in NEEDS_GPU and STUDY.device != "cpu")


def backend_device(wildcards):
    """Where a backend is to run, as the settings say."""
    return STUDY.device if wildcards.backend in NEEDS_GPU else "cpu"


def able_members(wildcards):
    """The members of a batch whose videos can be read: the others must not keep these waiting."""
    listed = checkpoints.check_batch.get(batch=wildcards.batch).output.members
    return Path(listed).read_text(encoding="utf-8").split()


checkpoint check_batch:
    input:
        videos=lambda wc: [v for name in BATCHES[wc.batch] if (v := input_file(RECORDINGS[name].video))],
    output:
        members=RESULTS + "/video/.batches/{batch}.txt",
    log:
        log_of("check_batch", "batch"),
    benchmark:
        benchmark_of("check_batch", "batch")
    wildcard_constraints:
        batch=one_of(BATCHES),
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        version=STAGE_VERSIONS["check_batch"],
        videos=lambda wc: {name: RECORDINGS[name].video for name in BATCHES[wc.batch]},
    message:
        "check_batch {wildcards.batch}"
    script:
        "../workflow/scripts/check_batch.py"


rule extract_batch:
    input:
        # Not faces/: those of a member that cannot be tracked never come.
        tried=lambda wc: expand(rules.try_faces.output.folder, recording_id=able_members(wc)),
        videos=lambda wc: expand(rules.transcode_video.output.video, recording_id=able_members(wc)),
        weights=lambda wc: weights_of(wc.backend),
    output:
        folder=temp(directory(RESULTS + "/codes/{backend}/.batches/{batch}")),
    log:
        log_of("extract_batch", "backend", "batch"),
    benchmark:
        benchmark_of("extract_batch", "backend", "batch")
    wildcard_constraints:
        batch=one_of(BATCHES),
    conda:
        "../envs/face.yaml"
    threads: backend_threads
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=backend_gpus,
    params:
        version=STAGE_VERSIONS["extract_batch"],
        weights=lambda wc: f"resources/models/{wc.backend}",
        options=backend_options,
        device=backend_device,
    message:
        "extract_batch {wildcards.backend} {wildcards.batch}"
    script:
        "../workflow/scripts/extract_batch.py"


rule extract_codes:
    input:
        faces=rules.track_faces.output.faces,
        # Only for backends that look at pixels.
        video=lambda wc: (f"{RESULTS}/video/{wc.recording_id}.mp4" if wc.backend in NEEDS_VIDEO else []),
        weights=lambda wc: weights_of(wc.backend),
        # Ancient: while the folder is there, another member's new table is no reason to take this one again.
        batch=lambda wc: (
            ancient(f"{RESULTS}/codes/{wc.backend}/.batches/{recording(wc).batch}") if batch_of(wc) else []
        ),
    output:
        codes=RESULTS + "/codes/{backend}/{recording_id}.parquet",
    log:
        log_of("extract_codes", "backend", "recording_id"),
    benchmark:
        benchmark_of("extract_codes", "backend", "recording_id")
    wildcard_constraints:
        recording_id=one_of(EXTRACTED),
    conda:
        "../envs/face.yaml"
    threads: lambda wc: 1 if batch_of(wc) else backend_threads(wc)
    resources:
        mem_mb=lambda wc: 4000 if wc.backend in NEEDS_VIDEO else 700,
        runtime=lambda wc: 240 if wc.backend in NEEDS_VIDEO else 30,
        gpu=lambda wc: 0 if batch_of(wc) else backend_gpus(wc),
    params:
        version=STAGE_VERSIONS["extract_codes"],
        weights=lambda wc: f"resources/models/{wc.backend}",
        options=backend_options,
        device=backend_device,
    message:
        "extract_codes {wildcards.backend} {wildcards.recording_id}"
    script:
        "../workflow/scripts/extract_codes.py"


UNITS_BACKEND = chosen(STUDY.face.units.backend, units.UNITS, "face.units.backend")


def neutral_events(wildcards):
    """The events file that says when a face is at rest, where the settings name that phase."""
    return recording(wildcards).events if STUDY.face.units.neutral_phase else None


def unit_options(wildcards):
    """What `load` of an estimator is told: its own settings, so that another's change nothing; threads come with the job."""
    if wildcards.units == "resnet_au":
        return {"resnet_au": STUDY.face.resnet_au.model_dump(exclude={"threads"})}
    if wildcards.units == "geometric":
        return STUDY.face.units.model_dump(exclude={"backend", "neutral_phase", "legacy_au43"})
    return {}


def units_weights(wildcards):
    """The files an estimator of action units reads: converted weights, or the task file as it is."""
    if wildcards.units == "blendshapes":
        # An absent file is no input: the job then says in one line what is missing.
        return input_file(f"resources/models/blendshapes/{units.TASK_FILE}")
    return weights_of(wildcards.units)


# Made when asked for by their path, and for what is made from them.
rule extract_units:
    input:
        faces=rules.track_faces.output.faces,
        video=lambda wc: (rules.transcode_video.output.video if wc.units in units.NEEDS_VIDEO else []),
        weights=units_weights,
        events=lambda wc: input_file(neutral_events(wc)),
        clock=lambda wc: clock_of(wc) if neutral_events(wc) else [],
    output:
        units=RESULTS + "/units/{units}/{recording_id}.parquet",
        blinks=RESULTS + "/units/{units}/{recording_id}.blinks.parquet",
    log:
        log_of("extract_units", "units", "recording_id"),
    benchmark:
        benchmark_of("extract_units", "units", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        units=one_of(units.UNITS),
    conda:
        "../envs/face.yaml"
    threads: lambda wc: STUDY.face.resnet_au.threads if wc.units == "resnet_au" else 1
    resources:
        mem_mb=lambda wc: 4000 if wc.units in units.NEEDS_VIDEO else 1000,
        runtime=lambda wc: 240 if wc.units in units.NEEDS_VIDEO else 30,
        gpu=lambda wc: int(wc.units in units.NEEDS_GPU and STUDY.device != "cpu"),
    params:
        version=STAGE_VERSIONS["extract_units"],
        weights=lambda wc: f"resources/models/{wc.units}",
        options=unit_options,
        blink=STUDY.features.blink.model_dump(),
        legacy_au43=STUDY.face.units.legacy_au43,
        neutral_phase=STUDY.face.units.neutral_phase,
        # The path again: a missing file is no input, and the job then says so in one line.
        events=neutral_events,
        events_format=lambda wc: recording(wc).events_format,
        offset_s=lambda wc: recording(wc).signal_offset_s,
        video_start_unix_s=lambda wc: recording(wc).video_start_unix_s,
        device=lambda wc: STUDY.device if wc.units in units.NEEDS_GPU else "cpu",
    message:
        "extract_units {wildcards.units} {wildcards.recording_id}"
    script:
        "../workflow/scripts/extract_units.py"


AFFECT_SETTINGS = STUDY.face.affect
AFFECT_BACKEND = chosen(AFFECT_SETTINGS.backend, {"none": "", **affect.AFFECT}, "face.affect.backend")


def affect_reads(name, path):
    """An input of extract_affect: pixels and faces, or expressions for an estimator that needs no video."""
    return lambda wc: path if (wc.affect in affect.NEEDS_VIDEO) == (name == "video") else []


def affect_settings(wildcards):
    """What `load` of an estimator is told: one without a network has no settings."""
    if wildcards.affect not in affect.NEEDS_VIDEO:
        return {}
    return AFFECT_SETTINGS.model_dump(exclude={"backend", "threads", "smoothing", "legacy_zero_start"})


# Made for a study that sets face.affect.backend, and for whoever asks for it by its path.
rule extract_affect:
    input:
        faces=affect_reads("video", rules.track_faces.output.faces),
        video=affect_reads("video", rules.transcode_video.output.video),
        expressions=affect_reads(
            "expressions", f"{RESULTS}/expressions/{UNITS_BACKEND}/{{recording_id}}.parquet"
        ),
        weights=lambda wc: weights_of(wc.affect),
    output:
        affect=RESULTS + "/affect/{affect}/{recording_id}.parquet",
    log:
        log_of("extract_affect", "affect", "recording_id"),
    benchmark:
        benchmark_of("extract_affect", "affect", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        affect=one_of(affect.AFFECT),
    conda:
        "../envs/face.yaml"
    threads: lambda wc: AFFECT_SETTINGS.threads if wc.affect in affect.NEEDS_VIDEO else 1
    resources:
        mem_mb=lambda wc: 3000 if wc.affect in affect.NEEDS_VIDEO else 700,
        runtime=lambda wc: 480 if wc.affect in affect.NEEDS_VIDEO else 20,
        gpu=lambda wc: int(wc.affect in affect.NEEDS_GPU and STUDY.device != "cpu"),
    params:
        version=STAGE_VERSIONS["extract_affect"],
        weights=lambda wc: f"resources/models/{wc.affect}",
        options=affect_settings,
        # Expressions are smoothed already.
        smoothing=lambda wc: AFFECT_SETTINGS.smoothing if wc.affect in affect.NEEDS_VIDEO else "none",
        legacy_zero_start=AFFECT_SETTINGS.legacy_zero_start,
        device=lambda wc: STUDY.device if wc.affect in affect.NEEDS_GPU else "cpu",
    message:
        "extract_affect {wildcards.affect} {wildcards.recording_id}"
    script:
        "../workflow/scripts/extract_affect.py"


if AFFECT_BACKEND != "none":
    TARGETS += expand(
        RESULTS + "/affect/{affect}/{recording_id}.parquet", affect=AFFECT_BACKEND, recording_id=WITH_VIDEO
    )

TARGETS += expand(
    RESULTS + "/codes/{backend}/{recording_id}.parquet",
    backend=BACKEND,
    recording_id=WITH_VIDEO,
)


try:
    chosen_expressions(STUDY.face.expressions.names)
except AffectflowError as error:
    stop(error, error.exit_code)


# Made when asked for by its path: results/<study>/expressions/<units>/<recording_id>.parquet.
rule map_expressions:
    input:
        units=rules.extract_units.output.units,
    output:
        expressions=RESULTS + "/expressions/{units}/{recording_id}.parquet",
        intervals=RESULTS + "/expressions/{units}/{recording_id}.intervals.parquet",
    log:
        log_of("map_expressions", "units", "recording_id"),
    benchmark:
        benchmark_of("map_expressions", "units", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        units=one_of(units.UNITS),
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["map_expressions"],
        expressions=STUDY.face.expressions.model_dump(),
        legacy_au43=STUDY.face.units.legacy_au43,
    message:
        "map_expressions {wildcards.units} {wildcards.recording_id}"
    script:
        "../workflow/scripts/map_expressions.py"
