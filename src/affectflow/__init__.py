"""affectflow: from face videos and biosignals to features, statistics, figures and trained models.

The science lives in this package and never imports snakemake; the workflow
(Snakefile, rules/, workflow/scripts/) calls it one function per stage.
"""

__version__ = "0.1.0"
