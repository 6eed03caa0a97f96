# Labelled clips: trajectories of the faces in them. Made when asked for by their path.
# Which frames the original looks at when it keeps every k-th: the last of each k.
FIRST_KEPT = (STUDY.clips.every - 1) if STUDY.clips.parity == "seed001" else 0


rule build_trajectories:
    input:
        frames=rules.probe_video.output.frames,
        quality=rules.probe_video.output.quality,
        # Nothing is looked for where the whole picture is the face.
        faces=rules.track_faces.output.faces if STUDY.clips.detect else [],
        # For scene cuts, which the original does not know.
        video=(
            rules.transcode_video.output.video if STUDY.clips.detect and STUDY.clips.parity == "none" else []
        ),
    output:
        trajectories=RESULTS + "/trajectories/{recording_id}.parquet",
    log:
        log_of("build_trajectories", "recording_id"),
    benchmark:
        benchmark_of("build_trajectories", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        version=STAGE_VERSIONS["build_trajectories"],
        parity=STUDY.clips.parity,
        every=STUDY.clips.every,
        first=FIRST_KEPT,
        tracks=STUDY.clips.tracks.model_dump(),
    message:
        "build_trajectories {wildcards.recording_id}"
    script:
        "../workflow/scripts/build_trajectories.py"
