"""Settings of the statistics."""

from __future__ import annotations

from pydantic import Field

from affectflow.config.base import Section


class Stats(Section):
    """Statistics."""

    analyses: list[str] = Field(["paired_tests", "lda", "tsne"], description="What is run: names in affectflow.stats.")
    baseline: str = Field("baseline", description="Value of the sheet's condition column that is compared against.")
    stressor: str = Field("stressor", description="Value of the condition column that is compared with it.")
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of significance after correction.")
