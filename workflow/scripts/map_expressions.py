"""Score the expressions of one recording from its action units."""

from affectflow.config.expressions import Expressions
from affectflow.face.map_expressions import map_expressions
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table

with stage(snakemake) as footer:
    expressions, intervals = map_expressions(
        read_table(snakemake.input.units, "action_units"),
        options=Expressions(**snakemake.params.expressions),
        legacy_au43=snakemake.params.legacy_au43,
    )
    write_table(expressions, snakemake.output.expressions, "expressions", footer=footer)
    write_table(intervals, snakemake.output.intervals, "expression_intervals", footer=footer)
