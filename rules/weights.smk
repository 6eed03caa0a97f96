# Networks that users bring: official files in resources/models/<backend>/ to one file of arrays.
from affectflow.registry import load
from affectflow.weights import WEIGHTS


def official_files(wildcards):
    """The official files found; [] when there are none, so that the job can say which are missing."""
    found = load(WEIGHTS, wildcards.backend, "weights").find(Path("resources/models") / wildcards.backend)
    return sorted(str(path) for path in found.files.values())


rule convert_weights:
    input:
        official=official_files,
    output:
        # Kept until the new ones are whole: who removes the official files keeps the converted one.
        weights=update("resources/models/{backend}/{backend}.safetensors"),
        manifest=update("resources/models/{backend}/{backend}.manifest.json"),
    log:
        log_of("convert_weights", "backend"),
    benchmark:
        benchmark_of("convert_weights", "backend")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        version=STAGE_VERSIONS["convert_weights"],
    message:
        "convert_weights {wildcards.backend}"
    script:
        "../workflow/scripts/convert_weights.py"
