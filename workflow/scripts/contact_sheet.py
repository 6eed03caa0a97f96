"""Show one recording on one page: frames with landmarks, and measures over time."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.video import read_frames
from affectflow.viz.contact_sheet import contact_sheet
from affectflow.viz.series import code_series
from affectflow.viz.style import write_figure

with stage(snakemake):
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    figure = contact_sheet(
        read_frames(snakemake.input.video, recording_id=recording_id),
        code_series(
            read_table(snakemake.input.codes, "codes"),
            close_below=params.close_below,
            open_above=params.open_above,
        ),
        recording_id=recording_id,
        n_frames=params.n_frames,
        simulated=params.simulated,
    )
    write_figure(figure, snakemake.output.sheet, palette=True)
