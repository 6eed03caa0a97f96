# Labelled still pictures: what is there, who is on which side, and networks fine-tuned on them. Made when asked for by path.
from affectflow.datasets.pictures import LABEL_FILES, PICTURE_FORMATS
from affectflow.pictures import MODEL_SETTINGS, PICTURE_MODELS, TELL_EMOTIONS

SOURCES = STUDY.pictures.sources
for name, source in SOURCES.items():
    chosen(source.format, PICTURE_FORMATS, f"pictures.sources.{name}.format")


wildcard_constraints:
    source=one_of(SOURCES),
    picture_model=one_of(PICTURE_MODELS),


def source_of(wildcards):
    """The settings of a data set of pictures."""
    return SOURCES[wildcards.source]


def network_settings(wildcards):
    """What a network is told: its own settings, so that another network's do not train it anew."""
    return {name: getattr(STUDY.pictures, name) for name in MODEL_SETTINGS[wildcards.picture_model]}


def start_weights(wildcards):
    """The official weights that a network begins with; [] for one that begins at random."""
    return weights_of(wildcards.picture_model) if STUDY.pictures.start == "official" else []


def label_files(wildcards):
    """The files that hold a data set's labels; the pictures themselves are not watched."""
    folder = Path(source_of(wildcards).folder)
    patterns = LABEL_FILES[source_of(wildcards).format]
    return sorted({str(path) for pattern in patterns for path in folder.glob(pattern)})


rule index_pictures:
    input:
        labels=label_files,
    output:
        pictures=RESULTS + "/pictures/{source}/pictures.parquet",
    log:
        log_of("index_pictures", "source"),
    benchmark:
        benchmark_of("index_pictures", "source")
    conda:
        "../envs/core.yaml"
    threads: 4
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        version=STAGE_VERSIONS["index_pictures"],
        format=lambda wc: source_of(wc).format,
        folder=lambda wc: source_of(wc).folder,
        person=lambda wc: source_of(wc).person,
        arousal_range=lambda wc: source_of(wc).arousal_range,
    message:
        "index_pictures {wildcards.source}"
    script:
        "../workflow/scripts/index_pictures.py"


rule split_pictures:
    input:
        pictures=rules.index_pictures.output.pictures,
    output:
        roles=RESULTS + "/pictures/{source}/roles.parquet",
    log:
        log_of("split_pictures", "source"),
    benchmark:
        benchmark_of("split_pictures", "source")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["split_pictures"],
        validation_share=STUDY.pictures.validation_share,
        test_share=STUDY.pictures.test_share,
        extra_train=STUDY.pictures.extra_train,
        seed=STUDY.seed,
    message:
        "split_pictures {wildcards.source}"
    script:
        "../workflow/scripts/split_pictures.py"


rule train_pictures:
    input:
        pictures=rules.index_pictures.output.pictures,
        roles=rules.split_pictures.output.roles,
        weights=start_weights,
    output:
        predictions=RESULTS + "/pictures/{source}/{picture_model}/predictions.parquet",
        weights=RESULTS + "/pictures/{source}/{picture_model}/weights.safetensors",
        training=RESULTS + "/pictures/{source}/{picture_model}/training.csv",
    log:
        log_of("train_pictures", "source", "picture_model"),
    benchmark:
        benchmark_of("train_pictures", "source", "picture_model")
    conda:
        "../envs/train.yaml"
    threads: STUDY.pictures.threads
    resources:
        # On a CPU, all activations of a batch; most of them belong to the trunk.
        mem_mb=6000 if STUDY.pictures.unfreeze_after is None else 12000,
        runtime=2880,
        gpu=int(STUDY.device != "cpu"),
    params:
        version=STAGE_VERSIONS["train_pictures"],
        folder=lambda wc: source_of(wc).folder,
        start=STUDY.pictures.start,
        weights=lambda wc: f"resources/models/{wc.picture_model}",
        settings=network_settings,
        unfreeze_after=STUDY.pictures.unfreeze_after,
        unfreeze_factor=STUDY.pictures.unfreeze_factor,
        changes=STUDY.pictures.changes.model_dump(),
        loop=STUDY.pictures.loop.model_dump(),
        device=STUDY.device,
        seed=STUDY.seed,
    message:
        "train_pictures {wildcards.source} {wildcards.picture_model}"
    script:
        "../workflow/scripts/train_pictures.py"


rule evaluate_pictures:
    input:
        pictures=rules.index_pictures.output.pictures,
        roles=rules.split_pictures.output.roles,
        predictions=rules.train_pictures.output.predictions,
        weights=rules.train_pictures.output.weights,
    output:
        scores=RESULTS + "/pictures/{source}/{picture_model}/scores.parquet",
        card=RESULTS + "/pictures/{source}/{picture_model}/card.md",
        page=report(
            RESULTS + "/figures/pictures/{source}/{picture_model}/scores.html",
            category="Pictures",
            subcategory="{source}",
            labels={"figure": "{picture_model}, before and after fine-tuning"},
            caption="../workflow/report/evaluate_pictures.rst",
        ),
    log:
        log_of("evaluate_pictures", "source", "picture_model"),
    benchmark:
        benchmark_of("evaluate_pictures", "source", "picture_model")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["evaluate_pictures"],
        n_resamples=STUDY.pictures.bootstrap,
        seed=STUDY.seed,
        simulated=lambda wc: is_simulated(source_of(wc).folder),
    message:
        "evaluate_pictures {wildcards.source} {wildcards.picture_model}"
    script:
        "../workflow/scripts/evaluate_pictures.py"


# How much of a face each picture shows. EMOTIC's people are often seen from behind.
rule measure_visibility:
    input:
        pictures=rules.index_pictures.output.pictures,
    output:
        visibility=RESULTS + "/pictures/{source}/visibility.parquet",
    log:
        log_of("measure_visibility", "source"),
    benchmark:
        benchmark_of("measure_visibility", "source")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=120,
    params:
        version=STAGE_VERSIONS["measure_visibility"],
        folder=lambda wc: source_of(wc).folder,
        detection_score_min=STUDY.face.detection_score_min,
        presence_score_min=STUDY.face.presence_score_min,
    message:
        "measure_visibility {wildcards.source}"
    script:
        "../workflow/scripts/measure_visibility.py"


rule plot_visibility:
    input:
        visibility=rules.measure_visibility.output.visibility,
    output:
        svg=RESULTS + "/figures/pictures/{source}/visibility.svg",
        png=report(
            RESULTS + "/figures/pictures/{source}/visibility.png",
            category="Pictures",
            subcategory="{source}",
            labels={"figure": "visible faces"},
            caption="../workflow/report/plot_visibility.rst",
        ),
    log:
        log_of("plot_visibility", "source"),
    benchmark:
        benchmark_of("plot_visibility", "source")
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=800,
        runtime=10,
    params:
        version=STAGE_VERSIONS["plot_visibility"],
        simulated=lambda wc: is_simulated(source_of(wc).folder),
    message:
        "plot_visibility {wildcards.source}"
    script:
        "../workflow/scripts/plot_visibility.py"


rule evaluate_emotions:
    input:
        pictures=rules.index_pictures.output.pictures,
        roles=rules.split_pictures.output.roles,
        predictions=rules.train_pictures.output.predictions,
    output:
        emotions=RESULTS + "/pictures/{source}/{picture_model}/emotions.parquet",
        means=RESULTS + "/pictures/{source}/{picture_model}/emotion_means.parquet",
        pairs=RESULTS + "/pictures/{source}/{picture_model}/emotion_pairs.parquet",
        errors=RESULTS + "/pictures/{source}/{picture_model}/emotion_errors.parquet",
    log:
        log_of("evaluate_emotions", "source", "picture_model"),
    benchmark:
        benchmark_of("evaluate_emotions", "source", "picture_model")
    wildcard_constraints:
        picture_model=one_of(TELL_EMOTIONS),
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        version=STAGE_VERSIONS["evaluate_emotions"],
        n_resamples=STUDY.pictures.bootstrap,
        seed=STUDY.seed,
    message:
        "evaluate_emotions {wildcards.source} {wildcards.picture_model}"
    script:
        "../workflow/scripts/evaluate_emotions.py"


rule plot_emotions:
    input:
        emotions=rules.evaluate_emotions.output.emotions,
        means=rules.evaluate_emotions.output.means,
        pairs=rules.evaluate_emotions.output.pairs,
        errors=rules.evaluate_emotions.output.errors,
    output:
        cooccurrence_svg=RESULTS + "/figures/pictures/{source}/{picture_model}/cooccurrence.svg",
        cooccurrence_png=report(
            RESULTS + "/figures/pictures/{source}/{picture_model}/cooccurrence.png",
            category="Pictures",
            subcategory="{source}",
            labels={"figure": "emotions that go together", "model": "{picture_model}"},
            caption="../workflow/report/plot_emotions.rst",
        ),
        confusion_svg=RESULTS + "/figures/pictures/{source}/{picture_model}/confusion.svg",
        confusion_png=report(
            RESULTS + "/figures/pictures/{source}/{picture_model}/confusion.png",
            category="Pictures",
            subcategory="{source}",
            labels={"figure": "emotions taken for others", "model": "{picture_model}"},
            caption="../workflow/report/plot_emotions.rst",
        ),
        page=report(
            RESULTS + "/figures/pictures/{source}/{picture_model}/emotions.html",
            category="Pictures",
            subcategory="{source}",
            labels={"figure": "scores of every emotion", "model": "{picture_model}"},
            caption="../workflow/report/plot_emotions.rst",
        ),
    log:
        log_of("plot_emotions", "source", "picture_model"),
    benchmark:
        benchmark_of("plot_emotions", "source", "picture_model")
    wildcard_constraints:
        picture_model=one_of(TELL_EMOTIONS),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=STAGE_VERSIONS["plot_emotions"],
        simulated=lambda wc: is_simulated(source_of(wc).folder),
    message:
        "plot_emotions {wildcards.source} {wildcards.picture_model}"
    script:
        "../workflow/scripts/plot_emotions.py"


# Not in the report, which is passed on: these pages show the data set's pictures of people.
rule review_pictures:
    input:
        pictures=rules.index_pictures.output.pictures,
        predictions=rules.train_pictures.output.predictions,
        emotions=rules.evaluate_emotions.output.emotions,
    output:
        grid=RESULTS + "/figures/pictures/{source}/{picture_model}/grid.html",
        samples=RESULTS + "/figures/pictures/{source}/{picture_model}/samples.html",
    log:
        log_of("review_pictures", "source", "picture_model"),
    benchmark:
        benchmark_of("review_pictures", "source", "picture_model")
    wildcard_constraints:
        picture_model=one_of(TELL_EMOTIONS),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["review_pictures"],
        folder=lambda wc: source_of(wc).folder,
        n_grid=STUDY.pictures.review_grid,
        n_each=STUDY.pictures.review_samples,
        thumbnails=STUDY.viz.thumbnails,
        seed=STUDY.seed,
        simulated=lambda wc: is_simulated(source_of(wc).folder),
    message:
        "review_pictures {wildcards.source} {wildcards.picture_model}"
    script:
        "../workflow/scripts/review_pictures.py"
