"""Score a fine-tuned network on its test and validation pictures: a table, a page, a card."""

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_free_table
from affectflow.io.weights import WeightsFile
from affectflow.pictures.card import card_text
from affectflow.pictures.evaluate_pictures import evaluate_pictures
from affectflow.viz.picture_scores_page import picture_scores_page

with stage(snakemake) as footer:
    params, names = snakemake.params, snakemake.wildcards
    scores = evaluate_pictures(
        read_table(snakemake.input.pictures, "pictures"),
        read_table(snakemake.input.roles, "picture_roles"),
        read_table(snakemake.input.predictions, "picture_predictions"),
        n_resamples=params.n_resamples,
        seed=params.seed,
    )
    write_free_table(scores, snakemake.output.scores, footer=footer)
    facts = WeightsFile(snakemake.input.weights).facts
    said = {"source": names.source, "simulated": params.simulated}
    write_text(card_text(scores, facts, **said), snakemake.output.card)
    began = {"official": "with its official weights", "random": "with random weights"}[
        facts["training"]["start"]
    ]
    page = picture_scores_page(scores, model=names.picture_model, start=began, **said)
    write_text(page, snakemake.output.page)
