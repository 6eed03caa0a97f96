"""`affectflow live` before its page is there: what is missing or taken is one line."""

from __future__ import annotations

import sys

import pytest

from affectflow.cli.live import _greeting, serve
from affectflow.errors import ConfigError, MissingDependencyError, UsageError


def started(tmp_path, **options) -> list[str]:
    """What is said until the start fails."""
    lines: list[str] = []
    serve("127.0.0.1", 0, say=lines.append, **{"record": None, "config": None, **options})
    return lines


def test_without_gradio_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'affectflow\[live\]'"):
        started(tmp_path)


def test_a_folder_of_recordings_that_is_a_file_is_told(tmp_path):
    pytest.importorskip("gradio", reason="the live page is not installed (pip install affectflow[live])")
    (tmp_path / "records").touch()
    with pytest.raises(UsageError, match="records: is a file"):
        started(tmp_path, record=tmp_path / "records")


def test_a_mistake_in_the_settings_is_told(tmp_path):
    pytest.importorskip("gradio", reason="the live page is not installed (pip install affectflow[live])")
    (tmp_path / "study.yaml").write_text("face: {max_facs: 2}\n")
    with pytest.raises(ConfigError, match="Did you mean max_faces"):
        started(tmp_path, config=tmp_path / "study.yaml")


def test_other_machines_are_warned_of():
    said = list(_greeting("0.0.0.0", 7860, None, None, here=False))
    assert said[0].startswith("warning: --host 0.0.0.0: other machines can open this page")
    assert said[-1].startswith("open http://localhost:7860/")
    assert not any("warning" in line for line in _greeting("127.0.0.1", 7860, None, None, here=True))


def test_the_greeting_says_where_recordings_go_and_what_reads_valence(tmp_path):
    said = "\n".join(_greeting("::1", 80, tmp_path, "emonet", here=True))
    assert "valence and arousal: emonet" in said
    assert f"recordings go to {tmp_path}" in said
    assert "http://[::1]:80/" in said
