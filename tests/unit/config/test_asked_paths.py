"""Paths that no stage makes: which part of them is unknown, and what would be known."""

from __future__ import annotations

import pytest

from affectflow.config.asked_paths import MOST_LISTED, NAMES, Makeable, check_asked_path
from affectflow.errors import UsageError
from tests.support.workflow_rules import declared_rules

RULES = [
    Makeable("results/s/faces/{recording_id}.parquet", {"recording_id": "[A-Za-z0-9_-]+"}),
    Makeable("results/s/units/{units}/{recording_id}.parquet", {"units": "geometric|resnet_au"}),
    Makeable("results/s/units/{units}/{recording_id}.blinks.parquet", {"units": "geometric|resnet_au"}),
    Makeable("results/s/pictures/{source}/roles.parquet", {"source": "mine|emotic"}),
    Makeable("results/s/pictures/{source}/{picture_model}/card.md", {"source": "mine|emotic"}),
    Makeable("results/s/eda/{crop}/scores.parquet", {"crop": "(?!)"}),
    Makeable("results/s/windows.parquet", {}),
]
KNOWN = {"recording_id": ["S01_a", "S02_a"], "picture_model": ["emonet", "resnet50"]}


def check(path, rules=RULES, known=KNOWN):
    check_asked_path(path, rules, results="results/s", known=known)


@pytest.mark.parametrize(
    "path",
    [
        "results/s/faces/S01_a.parquet",
        "results/s/units/geometric/S01_a.blinks.parquet",
        "results/s/pictures/mine/emonet/card.md",
        "results/s/windows.parquet",
        # Not below results/: rules and other files are Snakemake's business.
        "all",
        "resources/simulated/S09_a.mp4",
    ],
)
def test_what_a_stage_makes_passes(path):
    check(path)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "results/s/pictures/nonsense/roles.parquet",
            "no data set of pictures 'nonsense' here. Choose one of: mine, emotic (pictures.sources in the settings).",
        ),
        (
            "results/s/pictures/emotik/roles.parquet",
            "'emotik' here. Did you mean emotic? Choose one of: mine, emotic",
        ),
        ("results/s/faces/S03_a.parquet", "no recording 'S03_a' here. Did you mean S0"),
        ("results/s/units/geometric/S03_a.blinks.parquet", "no recording 'S03_a' here."),
        ("results/s/units/geometrik/S01_a.parquet", "no estimator of action units 'geometrik' here."),
        ("results/s/eda/face/scores.parquet", "no crop 'face' here, nor any other (docs/eda.md)."),
        (
            "results/s/pictures/minee/vgg/card.md",
            "no data set of pictures 'minee' here. Did you mean mine? Choose one of: mine, emotic "
            "(pictures.sources in the settings); there is no network 'vgg' here.",
        ),
        (
            "results/s/pictures/mine/rolls.parquet",
            "The nearest is results/s/pictures/{source}/roles.parquet.",
        ),
        ("results/s/zzz", "results/s/zzz: no stage makes this. docs/architecture.md lists them."),
        ("results/t/windows.parquet", "this study's results are in results/s/ (setting dataset)"),
        ("results", None),
        ("results/", None),
    ],
)
def test_what_none_makes_is_one_line(path, says):
    if says is None:
        check(path)
        return
    with pytest.raises(UsageError) as caught:
        check(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_long_lists_are_counted():
    known = {"recording_id": [f"S{k:02d}" for k in range(100)]}
    with pytest.raises(UsageError, match=rf"S00, .*, S{MOST_LISTED - 1} and {100 - MOST_LISTED} more \("):
        check("results/s/faces/x.parquet", known=known)


def test_a_pattern_that_lists_nothing_is_still_answered():
    rules = [Makeable("results/s/figures/{figure}.svg", {"figure": "[a-z_]+"})]
    with pytest.raises(UsageError, match=r"no figure 'X1' here"):
        check("results/s/figures/X1.svg", rules)


def test_every_wildcard_of_the_workflow_has_a_name_for_people():
    used = {w for rule in declared_rules().values() for w in rule["wildcards"]}
    assert len(used) > 10
    assert used <= set(NAMES)
