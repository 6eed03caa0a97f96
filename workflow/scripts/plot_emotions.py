"""Draw which emotions go together and which are taken for others, and put all scores onto a page."""

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import read_free_table
from affectflow.viz.emotions_page import emotions_page
from affectflow.viz.plot_emotions import FIGURES, plot_emotions
from affectflow.viz.style import write_figure

with stage(snakemake):
    source, simulated = snakemake.wildcards.source, snakemake.params.simulated
    files, output = snakemake.input, snakemake.output
    pairs = read_free_table(files.pairs)
    for name in FIGURES:
        figure = plot_emotions(pairs, name, source=source, simulated=simulated)
        for suffix in ("svg", "png"):
            write_figure(figure, getattr(output, f"{name}_{suffix}"))
    page = emotions_page(
        *(read_free_table(path) for path in (files.emotions, files.means, files.errors)),
        source=source,
        model=snakemake.wildcards.picture_model,
        simulated=simulated,
    )
    write_text(page, output.page)
