"""Settings are refused with a hint when they are wrong."""

from __future__ import annotations

import pytest

from affectflow.config.base import read_settings, read_yaml
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
