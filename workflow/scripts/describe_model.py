"""Write the card of a final model, for people and for programs."""

import json

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import read_free_table, read_table
from affectflow.io.weights import WeightsFile
from affectflow.train.card.describe_model import describe_model
from affectflow.train.card.text import card_text

TABLES = ("scores", "comparisons", "calibration", "thresholds")

with stage(snakemake) as footer:
    card = describe_model(
        WeightsFile(snakemake.input.weights).facts,
        read_table(snakemake.input.folds, "folds"),
        {name: read_free_table(snakemake.input[name]) for name in TABLES},
        codes=snakemake.params.codes,
    )
    write_text(card_text(card), snakemake.output.text)
    whole = {**card, "made_by": {k: footer[k] for k in ("stage", "stage_version", "affectflow")}}
    write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", snakemake.output.card)
