# Figures and rendered videos of single recordings.
from affectflow.face.backends import DRAWS_CODES


def first_of_each_condition(names):
    """The first recording of each condition by recording_id: the order of the sheet's rows changes nothing."""
    first = {}
    for name in names:
        first.setdefault(RECORDINGS[name].condition, name)
    return list(first.values())


OVERLAYS = {"all": WITH_VIDEO, "sample": first_of_each_condition(WITH_VIDEO), "none": []}[STUDY.viz.overlays]


def draws_mesh(wildcards):
    """Whether the overlay shows meshes: a study of imported codes does without the weights it does not have."""
    return wildcards.recording_id in EXTRACTED or has_weights(BACKEND)


rule render_overlay:
    input:
        video=rules.transcode_video.output.video,
        faces=rules.track_faces.output.faces,
        codes=f"{RESULTS}/codes/{BACKEND}/{{recording_id}}.parquet",
        weights=lambda wc: weights_of(BACKEND) if draws_mesh(wc) else [],
    output:
        video=report_of_recording(
            RESULTS + "/videos/overlay/{recording_id}.mp4",
            category="Recordings",
            subcategory="Overlay videos",
            labels={"recording": "{recording_id}"},
            caption="../workflow/report/render_overlay.rst",
        ),
    log:
        log_of("render_overlay", "recording_id"),
    benchmark:
        benchmark_of("render_overlay", "recording_id")
    conda:
        "../envs/viz.yaml"
    # One draws meshes, the other paints and encodes.
    threads: 2
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        version=STAGE_VERSIONS["render_overlay"],
        backend=BACKEND,
        weights=f"resources/models/{BACKEND}",
        mesh=draws_mesh,
        height_px=STUDY.viz.overlay_height_px,
        crf=STUDY.viz.overlay_crf,
        jaw_gain=STUDY.viz.jaw_gain,
        close_below=STUDY.features.blink.close_below,
        open_above=STUDY.features.blink.open_above,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "render_overlay {wildcards.recording_id}"
    script:
        "../workflow/scripts/render_overlay.py"


# Imported codes come without the camera and light that pictures need.
DRAWN = []
if STUDY.face.codes.save == "vis":
    if BACKEND not in DRAWS_CODES:
        stop(
            f"config: face.codes.save: vis: backend {BACKEND} cannot draw its codes ({', '.join(sorted(DRAWS_CODES))} "
            "can). Set it to vals, or choose another face.backend."
        )
    DRAWN = EXTRACTED


rule render_vis:
    input:
        video=rules.transcode_video.output.video,
        codes=f"{RESULTS}/codes/{BACKEND}/{{recording_id}}.parquet",
        weights=weights_of(BACKEND),
    output:
        folder=report_of_recording(
            directory(RESULTS + "/videos/vis/{recording_id}"),
            # Only the page, but a pattern without a wildcard finds nothing.
            patterns=["{page,vis}.png"],
            category="Recordings",
            subcategory="Pictures of codes",
            labels={"recording": "{recording_id}"},
            caption="../workflow/report/render_vis.rst",
        ),
    log:
        log_of("render_vis", "recording_id"),
    benchmark:
        benchmark_of("render_vis", "recording_id")
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        version=STAGE_VERSIONS["render_vis"],
        backend=BACKEND,
        weights=f"resources/models/{BACKEND}",
        renderer=STUDY.viz.vis_renderer,
        n_frames=STUDY.face.codes.vis_frames,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "render_vis {wildcards.recording_id}"
    script:
        "../workflow/scripts/render_vis.py"


rule contact_sheet:
    input:
        video=rules.transcode_video.output.video,
        codes=f"{RESULTS}/codes/{BACKEND}/{{recording_id}}.parquet",
    output:
        sheet=report_of_recording(
            RESULTS + "/figures/contact_sheets/{recording_id}.png",
            category="Recordings",
            subcategory="Contact sheets",
            labels={"recording": "{recording_id}"},
            caption="../workflow/report/contact_sheet.rst",
        ),
    log:
        log_of("contact_sheet", "recording_id"),
    benchmark:
        benchmark_of("contact_sheet", "recording_id")
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        version=STAGE_VERSIONS["contact_sheet"],
        n_frames=STUDY.viz.sheet_frames,
        close_below=STUDY.features.blink.close_below,
        open_above=STUDY.features.blink.open_above,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "contact_sheet {wildcards.recording_id}"
    script:
        "../workflow/scripts/contact_sheet.py"


if "quality" in {name.lower() for name in RECORDINGS}:
    stop(f"{STUDY.recordings}: a recording cannot be called quality: so is the page of all. Rename it.")


def has_thumbnails(wildcards):
    """Whether a recording's page shows pictures: it has a video, and the study wants them."""
    return bool(recording(wildcards).video) and STUDY.viz.thumbnails != "none"


# Apart from check_quality, on which windows and models hang: how a page looks must not train them anew.
rule quality_page:
    input:
        quality=rules.check_quality.output.quality,
        frames=rules.join_frames.output.frames,
        video=lambda wc: rules.transcode_video.output.video if has_thumbnails(wc) else [],
        faces=lambda wc: rules.track_faces.output.faces if has_thumbnails(wc) else [],
    output:
        page=report_of_recording(
            RESULTS + "/figures/quality/{recording_id}.html",
            category="Quality",
            subcategory="Recordings",
            labels={"recording": "{recording_id}"},
            caption="../workflow/report/quality_page.rst",
        ),
    log:
        log_of("quality_page", "recording_id"),
    benchmark:
        benchmark_of("quality_page", "recording_id")
    # Not the page of all recordings, which lies in the same folder.
    wildcard_constraints:
        recording_id=one_of(RECORDINGS),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=800,
        runtime=20,
    params:
        version=STAGE_VERSIONS["quality_page"],
        has_video=lambda wc: bool(recording(wc).video),
        max_gap_s=STUDY.features.max_gap_s,
        # The word: Snakemake compares params as a set, in which one more False is no change.
        thumbnails=lambda wc: STUDY.viz.thumbnails if has_thumbnails(wc) else "none",
        simulated=lambda wc: is_simulated(recording(wc).video or recording(wc).signals),
    message:
        "quality_page {wildcards.recording_id}"
    script:
        "../workflow/scripts/quality_page.py"


TARGETS += expand(rules.quality_page.output.page, recording_id=RECORDINGS)
TARGETS += expand(rules.render_overlay.output.video, recording_id=OVERLAYS)
TARGETS += expand(rules.contact_sheet.output.sheet, recording_id=WITH_VIDEO)
TARGETS += expand(rules.render_vis.output.folder, recording_id=DRAWN)


# Drawn when asked for by its path: results/<study>/figures/expressions/<units>/<recording_id>.svg.
rule plot_expressions:
    input:
        expressions=rules.map_expressions.output.expressions,
        intervals=rules.map_expressions.output.intervals,
    output:
        svg=RESULTS + "/figures/expressions/{units}/{recording_id}.svg",
        png=report_of_recording(
            RESULTS + "/figures/expressions/{units}/{recording_id}.png",
            category="Recordings",
            subcategory="Expressions",
            labels={"recording": "{recording_id}", "action units": "{units}"},
            caption="../workflow/report/plot_expressions.rst",
        ),
    log:
        log_of("plot_expressions", "units", "recording_id"),
    benchmark:
        benchmark_of("plot_expressions", "units", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        units=one_of(units.UNITS),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["plot_expressions"],
        time_constant_s=STUDY.face.expressions.time_constant_s,
        cumulative_s=STUDY.face.expressions.cumulative_s,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "plot_expressions {wildcards.units} {wildcards.recording_id}"
    script:
        "../workflow/scripts/plot_expressions.py"


# Rendered when asked for by its path: results/<study>/videos/expressions/<units>/<recording_id>.mp4.
rule render_expressions:
    input:
        video=rules.transcode_video.output.video,
        faces=rules.track_faces.output.faces,
        units=rules.extract_units.output.units,
        expressions=rules.map_expressions.output.expressions,
        intervals=rules.map_expressions.output.intervals,
    output:
        video=report_of_recording(
            RESULTS + "/videos/expressions/{units}/{recording_id}.mp4",
            category="Recordings",
            subcategory="Expression videos",
            labels={"recording": "{recording_id}", "action units": "{units}"},
            caption="../workflow/report/render_expressions.rst",
        ),
    log:
        log_of("render_expressions", "units", "recording_id"),
    benchmark:
        benchmark_of("render_expressions", "units", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        units=one_of(units.UNITS),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=240,
    params:
        version=STAGE_VERSIONS["render_expressions"],
        time_constant_s=STUDY.face.expressions.time_constant_s,
        cumulative_s=STUDY.face.expressions.cumulative_s,
        height_px=STUDY.viz.overlay_height_px,
        crf=STUDY.viz.overlay_crf,
        landmarks=STUDY.viz.expression_landmarks,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "render_expressions {wildcards.units} {wildcards.recording_id}"
    script:
        "../workflow/scripts/render_expressions.py"


# Drawn when asked for by its path: results/<study>/figures/affect/<affect>/<recording_id>.svg.
rule plot_affect:
    input:
        affect=rules.extract_affect.output.affect,
    output:
        svg=RESULTS + "/figures/affect/{affect}/{recording_id}.svg",
        png=report_of_recording(
            RESULTS + "/figures/affect/{affect}/{recording_id}.png",
            category="Recordings",
            subcategory="Valence and arousal",
            labels={"recording": "{recording_id}", "from": "{affect}"},
            caption="../workflow/report/plot_affect.rst",
        ),
    log:
        log_of("plot_affect", "affect", "recording_id"),
    benchmark:
        benchmark_of("plot_affect", "affect", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        affect=one_of(affect.AFFECT),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["plot_affect"],
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "plot_affect {wildcards.affect} {wildcards.recording_id}"
    script:
        "../workflow/scripts/plot_affect.py"


rule describe_methods:
    input:
        # Their footers say what was really run, stage by stage.
        quality=rules.summarise_quality.output.table,
        windows=rules.make_windows.output.windows,
        features=[f"{RESULTS}/features/{name}.parquet" for name in RECORDINGS],
        faces=[f"{RESULTS}/faces/{name}.parquet" for name in WITH_VIDEO],
        codes=[f"{RESULTS}/codes/{BACKEND}/{name}.parquet" for name in WITH_VIDEO],
        signals=[f"{RESULTS}/signals/{name}.parquet" for name in WITH_SIGNALS],
        results=[f"{RESULTS}/stats/{name}/results.parquet" for name in CHOSEN_ANALYSES],
        tables=[f"{RESULTS}/stats/{name}/tables" for name in CHOSEN_ANALYSES],
        rppg=[f"{RESULTS}/rppg/{name}.parquet" for name in WITH_VIDEO if STUDY.signal.rppg.method != "none"],
        scores=rules.evaluate_models.output.scores if TRAINED else [],
        comparisons=rules.evaluate_models.output.comparisons if TRAINED else [],
        audit=rules.audit_models.output.audit if TRAINED else [],
        # Every part of an entry was made with the same settings.
        models=[
            f"{RESULTS}/models/{name}/{next(iter(PARTS))}/predictions.parquet" for name in ENTRIES if TRAINED
        ],
    output:
        text=RESULTS + "/methods.md",
        page=report(
            RESULTS + "/figures/methods.html",
            category="Methods",
            caption="../workflow/report/describe_methods.rst",
            labels={"text": "What was run"},
        ),
    log:
        log_of("describe_methods"),
    benchmark:
        benchmark_of("describe_methods")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["describe_methods"],
        analyses=CHOSEN_ANALYSES,
        models=[name for name in ENTRIES if TRAINED],
        backend=BACKEND,
        simulated=study_is_simulated(),
    message:
        "describe_methods"
    script:
        "../workflow/scripts/describe_methods.py"


TARGETS.append(rules.describe_methods.output.text)
