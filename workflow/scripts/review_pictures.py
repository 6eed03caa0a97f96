"""Put test pictures of a data set and what a network tells of them onto two pages."""

from pathlib import Path

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.pictures import read_listed
from affectflow.io.tables import read_free_table, read_table
from affectflow.pictures.review_samples import GROUPS, choose_samples, judged_pictures
from affectflow.viz.review_pages import LARGE_PX, SMALL_PX, grid_page, samples_page, small_jpeg


def jpegs(ids, side_px):
    """Small pictures by their id; none where the study wants none."""
    if params.thumbnails == "none":
        return {}
    blurred = params.thumbnails == "blurred"
    return {i: small_jpeg(read_listed(folder, paths[i]), side_px=side_px, blurred=blurred) for i in ids}


with stage(snakemake):
    params, files = snakemake.params, snakemake.input
    folder = Path(params.folder)
    emotions = read_free_table(files.emotions)
    judged = judged_pictures(
        read_table(files.pictures, "pictures"),
        read_table(files.predictions, "picture_predictions"),
        emotions,
    )
    paths = dict(judged.select("picture_id", "path").rows())
    about = {
        "source": snakemake.wildcards.source,
        "model": snakemake.wildcards.picture_model,
        "simulated": params.simulated,
    }
    grid = judged.sample(min(params.n_grid, judged.height), seed=params.seed)
    page = grid_page(grid, jpegs(grid["picture_id"], SMALL_PX), n_all=judged.height, **about)
    write_text(page, snakemake.output.grid)
    samples = choose_samples(judged, each=params.n_each, seed=params.seed)
    large = jpegs(samples["picture_id"].unique(maintain_order=True), LARGE_PX)
    page = samples_page(judged, samples, emotions, large, groups=GROUPS, **about)
    write_text(page, snakemake.output.samples)
