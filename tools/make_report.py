"""Write the report of a study to results/<dataset>/report.html (called by `make report`)."""

from __future__ import annotations

import subprocess
import sys

from affectflow.config.study import read_study
from affectflow.errors import AffectflowError

# docutils complains of the link targets that Snakemake itself makes, once for each figure of a category.
NOISE = "Duplicate explicit target name"


def main(config: str) -> int:
    """Run ``snakemake --report`` for the study of a configuration file; return its exit code."""
    try:
        dataset = read_study(config).dataset
    except AffectflowError as error:
        print(f"affectflow: {error}", file=sys.stderr)
        return error.exit_code
    report = f"results/{dataset}/report.html"
    command = ["snakemake", "--configfile", config, "--report", report]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if NOISE not in line:
                sys.stderr.write(line)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
