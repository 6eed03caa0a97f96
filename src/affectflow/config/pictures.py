"""Settings of labelled still pictures."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from affectflow.config.base import Section


class PictureSource(Section):
    """A data set of labelled still pictures; `<name>` is yours, and goes into paths."""

    format: str = Field(description="How it is laid out: a name in affectflow.datasets.pictures.")
    folder: str = Field(description="Where it lies.")
    person: str = Field(
        "",
        description="Regular expression with one group that finds the person (or what else belongs together) in a picture's "
        "path, such as '(P[0-9]+)_'; empty = as the data set says, or every picture on its own.",
    )
    arousal_range: tuple[float, float] = Field(
        (-1.0, 1.0),
        description="Least and greatest arousal in this data set; brought to -1..1. Emodataset: [0, 1].",
    )

    @field_validator("person", mode="after")
    @classmethod
    def _one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from None
        if value and groups != 1:
            raise ValueError(f"has {groups} groups in brackets, expected one: the person")
        return value

    @field_validator("arousal_range", mode="after")
    @classmethod
    def _rising(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] >= value[1]:
            raise ValueError("expected two numbers, the first below the second")
        return value


class Pictures(Section):
    """Labelled still pictures: made when asked for by their path, see docs/pictures.md."""

    sources: dict[str, PictureSource] = Field(
        {},
        description="The data sets: name → format, folder, person, arousal_range (docs/config.md, pictures.sources).",
    )
    validation_share: float = Field(
        0.15,
        gt=0,
        lt=1,
        description="Share of the training pictures, whole persons or groups, that validate, 0..1; where the data set has no "
        "validation pictures of its own.",
    )
    test_share: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Share that is tested, likewise, where the data set has no test pictures.",
    )
    extra_train: bool = Field(
        False,
        description="Whether the pictures that EMOTIC's packaging calls extra_train train as well.",
    )

    @field_validator("sources", mode="after")
    @classmethod
    def _names(cls, value: dict[str, PictureSource]) -> dict[str, PictureSource]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                raise ValueError(f"{name!r}: a name has letters, digits, _ and - only")
        return value
