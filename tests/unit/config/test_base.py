"""Settings are refused with a hint when they are wrong."""

from __future__ import annotations

import re

import pytest

from affectflow.config.base import _plain_kinds, read_settings, read_yaml, section_of
from affectflow.config.study import Study, read_study
from affectflow.errors import ConfigError


def test_the_shipped_configuration_is_the_default_study(root):
    assert read_study(root / "config/config.yaml") == Study()


def test_every_mistake_is_reported_with_its_key():
    with pytest.raises(ConfigError) as error:
        read_settings(
            Study,
            {"sede": 1, "io": {"crf": 99, "trancode": "auto"}, "features": {"windows": {"lenght_s": 1}}},
            "my.yaml",
        )
    text = str(error.value)
    assert "my.yaml: sede is not a setting. Did you mean seed?" in text
    assert "my.yaml: io.crf: input should be less than or equal to 51 (found 99)" in text
    assert "my.yaml: io.trancode is not a setting. Did you mean transcode?" in text
    assert "my.yaml: features.windows.lenght_s is not a setting. Did you mean length_s?" in text
    assert len(text.splitlines()) == 4


def number_fields(section, path=()):
    """Every setting that holds a number, as a path of keys and the field."""
    for name, field in section.model_fields.items():
        inner = section_of(field)
        if inner is not None:
            yield from number_fields(inner, (*path, name))
        elif {int, float} & _plain_kinds(field.annotation):
            yield (*path, name), field


@pytest.mark.parametrize("path", [path for path, _ in number_fields(Study)], ids=".".join)
@pytest.mark.parametrize("value", [float("inf"), float("nan"), True, False])
def test_a_number_is_finite_and_no_word(path, value):
    """YAML's .inf, .nan, yes and off are none, wherever a number is expected."""
    values = value
    for key in reversed(path):
        values = {key: values}
    with pytest.raises(ConfigError, match=rf"my.yaml: {re.escape('.'.join(path))}"):
        read_settings(Study, values, "my.yaml")


def test_switches_are_still_words():
    face = read_settings(Study, {"face": {"imported": {"flip_x": True, "scale": 1}}}, "my.yaml").face
    assert face.imported.flip_x is True
    assert face.imported.scale == 1.0
    with pytest.raises(
        ConfigError, match=r"emoca.batch_size: expected a number, not yes or no \(found True\)"
    ):
        read_settings(Study, {"face": {"emoca": {"batch_size": True}}}, "my.yaml")


def test_an_unlike_key_lists_what_is_known():
    with pytest.raises(ConfigError, match="Known here: transcode, crf"):
        read_settings(Study, {"io": {"zzz": 1}}, "my.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1", "line 1"),
        ("seed: 1\nseed: 2\n", "is given twice"),
        ("- 1\n", "expected settings"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_bad_yaml_is_one_line(tmp_path, text, says):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        read_yaml(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path / "absent.yaml")


def test_an_empty_file_is_the_default(tmp_path):
    (tmp_path / "c.yaml").write_text("")
    assert read_study(tmp_path / "c.yaml") == Study()
