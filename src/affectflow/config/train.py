"""Settings of model training."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from affectflow.config.base import Section


class Train(Section):
    """Models."""

    models: list[str] = Field(["logistic", "cross_modal"], description="What is trained: names in affectflow.train.models.")
    folds: PositiveInt = Field(3, description="Folds of the cross-validation; a person is never in two.")
