# Faces: where they are in every frame, and their codes.


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
        mem_mb=700,
        runtime=120,
    params:
        version=STAGE_VERSIONS["track_faces"],
        max_faces=STUDY.face.max_faces,
        detection_score_min=STUDY.face.detection_score_min,
        presence_score_min=STUDY.face.presence_score_min,
        detect_every_s=STUDY.face.detect_every_s,
        min_track_s=STUDY.face.min_track_s,
        max_gap_s=STUDY.face.max_gap_s,
    message:
        "track_faces {wildcards.recording_id}"
    script:
        "../workflow/scripts/track_faces.py"
