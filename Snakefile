# affectflow: from face videos and biosignals to features, statistics, figures and trained models.
# A table of contents. Lookups live in rules/common.smk, science in src/affectflow/.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/datasets.smk"
include: "rules/io.smk"
include: "rules/weights.smk"
include: "rules/face.smk"
include: "rules/signal.smk"
include: "rules/features.smk"
include: "rules/stats.smk"
include: "rules/train.smk"
include: "rules/viz.smk"
include: "rules/pictures.smk"
include: "rules/clips.smk"
include: "rules/eda.smk"


tell_params_apart(workflow.rules)
check_asked(workflow.rules)


rule all:
    default_target: True
    input:
        TARGETS,
    localrule: True


onstart:
    if NO_MODELS:
        print(f"No models are trained (train.models: auto): {NO_MODELS}.", file=sys.stderr)


onerror:
    if FAILED := errors_since(LOGS, STARTED):
        print("\nWhat failed, once more:", *FAILED, sep="\n  ", file=sys.stderr)
