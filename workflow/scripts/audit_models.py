"""Look for leaks in what the trained study left behind, as a table and a page."""

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import write_free_table
from affectflow.train.audit.artefacts import open_artefacts
from affectflow.train.audit.audit_models import audit_models
from affectflow.viz.audit_page import audit_page

with stage(snakemake) as footer:
    study = open_artefacts(
        snakemake.params.declared,
        windows=snakemake.input.windows,
        examples=snakemake.input.examples,
        folds=snakemake.input.folds,
        predictions=snakemake.input.predictions,
        weights=snakemake.input.weights,
        thresholds=snakemake.input.thresholds,
        grids=snakemake.input.grids,
        features=snakemake.input.features,
    )
    audit = audit_models(study)
    write_free_table(audit, snakemake.output.audit, footer=footer)
    write_text(audit_page(audit, simulated=snakemake.params.simulated), snakemake.output.page)
