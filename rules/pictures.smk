# Labelled still pictures: what is there, who is on which side, and networks fine-tuned on them. Made when asked for by path.
from affectflow.datasets.pictures import LABEL_FILES, PICTURE_FORMATS

SOURCES = STUDY.pictures.sources
for name, source in SOURCES.items():
    chosen(source.format, PICTURE_FORMATS, f"pictures.sources.{name}.format")


wildcard_constraints:
    source=one_of(SOURCES),


def source_of(wildcards):
    """The settings of a data set of pictures."""
    return SOURCES[wildcards.source]


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
        seed=STUDY.seed,
    message:
        "split_pictures {wildcards.source}"
    script:
        "../workflow/scripts/split_pictures.py"
