# Faces: where they are in every frame, and their codes.
from affectflow.face.backends import BACKENDS, NEEDS_GPU, NEEDS_VIDEO

BACKEND = chosen(STUDY.face.backend, BACKENDS, "face.backend")


rule track_faces:
    input:
        video=rules.transcode_video.output.video,
        frames=rules.probe_video.output.frames,
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
        version=STAGE_VERSIONS["track_faces"],
        max_faces=STUDY.face.max_faces,
        detection_score_min=STUDY.face.detection_score_min,
        presence_score_min=STUDY.face.presence_score_min,
        detect_every_s=STUDY.face.detect_every_s,
        min_track_s=STUDY.face.min_track_s,
        max_gap_s=STUDY.face.max_gap_s,
        mirrored_pass=STUDY.face.mirrored_pass,
    message:
        "track_faces {wildcards.recording_id}"
    script:
        "../workflow/scripts/track_faces.py"


rule extract_codes:
    input:
        faces=rules.track_faces.output.faces,
        # Only for backends that look at pixels.
        video=lambda wildcards: (
            f"{RESULTS}/video/{wildcards.recording_id}.mp4" if wildcards.backend in NEEDS_VIDEO else []
        ),
    output:
        codes=RESULTS + "/codes/{backend}/{recording_id}.parquet",
    log:
        log_of("extract_codes", "backend", "recording_id"),
    benchmark:
        benchmark_of("extract_codes", "backend", "recording_id")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 8000 if wildcards.backend in NEEDS_VIDEO else 700,
        runtime=lambda wildcards: 240 if wildcards.backend in NEEDS_VIDEO else 30,
        gpu=lambda wildcards: int(wildcards.backend in NEEDS_GPU),
    params:
        version=STAGE_VERSIONS["extract_codes"],
        weights=lambda wildcards: f"resources/models/{wildcards.backend}",
        device=lambda wildcards: STUDY.device if wildcards.backend in NEEDS_GPU else "cpu",
    message:
        "extract_codes {wildcards.backend} {wildcards.recording_id}"
    script:
        "../workflow/scripts/extract_codes.py"


TARGETS += expand(
    RESULTS + "/codes/{backend}/{recording_id}.parquet",
    backend=BACKEND,
    recording_id=WITH_VIDEO,
)
