"""News clips: another program's action units through the mapping tell good news from bad."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import mannwhitneyu

from affectflow.config.expressions import Expressions
from affectflow.face.expressions.mapping import (
    UNITS,
    chosen_expressions,
    neutral_scores,
    neutral_threshold,
    score_expressions,
)
from affectflow.face.expressions.rough_affect import from_expressions


def test_good_news_have_the_higher_valence(shared):
    frames = pl.read_parquet(shared / "data" / "media" / "reference" / "news_clips_pyfeat_v2.parquet")
    # py-feat's action units are 0..1, and its AU43 is 1 where the eyes are closed.
    units = frames.select(f"AU{unit:02d}" for unit in UNITS).to_numpy()
    settings = Expressions()
    expressions = chosen_expressions(settings.names)
    scores = score_expressions(units, expressions)
    neutral = neutral_scores(scores, neutral_threshold(scores, settings.neutral_percentile))
    valence, _ = from_expressions(np.column_stack([scores, neutral]), expressions)
    # The clip is the unit, not the frame.
    clips = (
        frames.select("news", "clip", valence=pl.Series(valence))
        .group_by("news", "clip")
        .agg(pl.col("valence").mean())
    )
    good, bad = (clips.filter(news=name)["valence"].to_numpy() for name in ("gn", "ists"))
    assert (good.size, bad.size) == (10, 10)
    assert mannwhitneyu(good, bad).statistic / (good.size * bad.size) >= 0.9
