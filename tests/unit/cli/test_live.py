"""`affectflow live` before its page is there: what is missing or taken is one line."""

from __future__ import annotations

import signal
import sys

import pytest

from affectflow.cli.live import _greeting, serve
from affectflow.errors import ConfigError, InputError, MissingDependencyError, UsageError
from tests.support.browser import live_server


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


@pytest.mark.parametrize("where", ["file/below", "/proc/nope", "x" * 300])
def test_a_folder_of_recordings_that_cannot_be_made_is_one_line(tmp_path, where):
    pytest.importorskip("gradio", reason="the live page is not installed (pip install affectflow[live])")
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"^--record [^\n]*: cannot be made \([^\n]*\)\. Name another"
    ) as told:
        started(tmp_path, record=tmp_path / where)
    assert told.value.exit_code == 1


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


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_was_handed_over_goes_with_its_server_or_with_the_next_one(tmp_path, monkeypatch, word):
    pytest.importorskip("gradio", reason="the live page is not installed (pip install affectflow[live])")
    httpx = pytest.importorskip("httpx", reason="hands a file to the page, and is not installed")
    uploads = tmp_path / "temporary"
    uploads.mkdir()
    monkeypatch.setenv("TMPDIR", str(uploads))
    with live_server(tmp_path / "first") as server:
        files = {"files": ("my face.mp4", b"no video")}
        assert httpx.post(f"{server.url}gradio_api/upload", files=files).status_code == 200
        assert list(uploads.rglob("my face.mp4"))
        server.process.send_signal(word)
        code = server.process.wait(30)
    if word == signal.SIGKILL:
        with live_server(tmp_path / "second") as second:
            assert second.end() == 0
    else:
        assert code == 0
    # Nor an empty folder of Gradio's own, here or where the server was started.
    assert list(uploads.iterdir()) == []
    assert {path.name for path in (tmp_path / "first").iterdir()} <= {"watch", "outside"}
