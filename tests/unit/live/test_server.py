"""What keeps the page on the machine: whose requests are answered, and what its browser may do."""

from __future__ import annotations

import shutil
import socket
import time

import pytest

pytest.importorskip("fastapi", reason="the live page is not installed (pip install affectflow[live])")

from fastapi.testclient import TestClient

from affectflow.config.study import Study
from affectflow.errors import UsageError
from affectflow.live.desk import Desk
from affectflow.live.page import make_page, mount
from affectflow.live.server import Requests, is_loopback, make_app, open_port
from tests.support.live import camera_jpeg

ME = {"client": "window-one"}


@pytest.fixture
def page(tmp_path):
    """A browser at the server, which records into a folder."""
    requests = Requests(Desk(Study(), folder=tmp_path, affect=None))
    with TestClient(make_app(requests, hosts=["localhost"]), base_url="http://localhost") as client:
        yield client


def test_frames_are_answered(page):
    assert page.post("/live/start", params=ME).json()["rest"] == "running"
    told = page.post("/live/frame", params={**ME, "time_s": 1.5}, content=camera_jpeg()).json()
    assert len(told["points"]) == 956


def test_the_browser_is_told_to_load_and_send_nothing_elsewhere(page):
    policy = page.get("/live/facts").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self' data: blob:" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example"}, 400),
    ],
)
def test_pages_of_other_sites_are_not_answered(page, headers, status):
    assert page.post("/live/start", params=ME, headers=headers).status_code == status


@pytest.mark.parametrize(
    "where", ["queue/join", "run/open_file", "api/open_file", "call/open_file", "call/v2/x", "upload/"]
)
def test_gradios_own_functions_are_not_reached(tmp_path, where):
    """They fetch the addresses that a window names instead of a file."""
    pytest.importorskip("gradio", reason="the live page is not installed (pip install affectflow[live])")
    requests = Requests(Desk(Study(), folder=tmp_path, affect=None))
    made = mount(
        make_app(requests, hosts=["localhost"]),
        make_page(can_record=True, network=None),
        host="localhost",
        port=1,
    )
    with TestClient(made, base_url="http://localhost") as client:
        file = {"path": "http://127.0.0.1:1/x.mp4", "meta": {"_type": "gradio.FileData"}}
        answer = client.post(
            f"/gradio_api/{where}", json={"data": [file], "fn_index": 0, "session_hash": "aaaaaaaa"}
        )
        assert (answer.status_code, answer.json()) == (403, {"error": "nothing of this page is sent there"})
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("params", [{}, {"client": "a b"}, {"client": "x" * 65}])
def test_a_window_must_say_who_it_is(page, params):
    assert page.post("/live/start", params=params).status_code == 400


@pytest.mark.parametrize("time_s", [None, "soon", "nan", "inf", "1e300", "-1e12"])
def test_a_picture_must_have_a_time(page, time_s):
    page.post("/live/start", params=ME)
    params = ME if time_s is None else {**ME, "time_s": time_s}
    assert page.post("/live/frame", params=params, content=camera_jpeg()).status_code == 400


def test_pictures_must_be_a_microsecond_apart(page):
    page.post("/live/start", params=ME)
    for time_s, status in [(1, 200), (1.0000002, 409), (1, 200), (1.000002, 200)]:
        answer = page.post("/live/frame", params={**ME, "time_s": time_s}, content=camera_jpeg())
        assert answer.status_code == status
        if status == 409:
            assert "less than 1 µs after" in answer.json()["detail"]


def test_a_folder_that_is_lost_is_one_line(page, tmp_path):
    page.post("/live/start", params=ME)
    page.post("/live/record", params={**ME, "name": "lost"})
    page.post("/live/frame", params={**ME, "time_s": 1}, content=camera_jpeg())
    shutil.rmtree(tmp_path)
    answer = page.post("/live/stop", params=ME)
    assert answer.status_code == 507
    assert answer.json()["detail"].count("\n") == 0
    assert str(tmp_path) in answer.json()["detail"]
    assert page.post("/live/frame", params={**ME, "time_s": 2}, content=camera_jpeg()).status_code == 200


@pytest.mark.parametrize("broken", [False, True])
def test_windows_are_tidied_after_one_whose_recording_was_lost(tmp_path, monkeypatch, broken):
    monkeypatch.setattr("affectflow.live.server.TIDY_EVERY_S", 0.05)
    monkeypatch.setattr("affectflow.live.desk.GONE_S", 0.3)
    records, desk = tmp_path / "records", Desk(Study(), folder=tmp_path / "records", affect=None)
    if broken:
        tidy, times = desk.tidy, iter([True])

        def once_broken():
            if next(times, False):
                raise RuntimeError("a defect")
            tidy()

        desk.tidy = once_broken
    with TestClient(make_app(Requests(desk), hosts=["localhost"]), base_url="http://localhost") as client:
        for name in ("lost", "after"):
            client.post("/live/start", params=ME)
            client.post("/live/record", params={**ME, "name": name})
            client.post("/live/frame", params={**ME, "time_s": 1}, content=camera_jpeg())
            if name == "lost":
                shutil.rmtree(records)
            end = time.monotonic() + 20
            while desk._watch is not None and time.monotonic() < end:
                time.sleep(0.02)
            assert desk._watch is None
            # Asked in the desk's own thread, so that what it is writing is written.
            client.post("/live/leave", params=ME)
        assert (records / "faces/after.parquet").is_file()
        assert not (records / "faces/lost.parquet").exists()


def test_a_users_mistake_is_its_line(page):
    answer = page.post("/live/record", params=ME)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "this window is not being watched any more. Press Start.",
    )


def test_what_is_too_large_for_a_picture_is_refused(page):
    page.post("/live/start", params=ME)
    answer = page.post("/live/frame", params={**ME, "time_s": 1}, content=bytes(9 * 2**20))
    assert answer.status_code == 413


def test_a_recording_is_written_when_the_server_ends(tmp_path):
    requests = Requests(Desk(Study(), folder=tmp_path, affect=None))
    with TestClient(make_app(requests, hosts=["localhost"]), base_url="http://localhost") as client:
        client.post("/live/start", params=ME)
        client.post("/live/record", params={**ME, "name": "last"})
        client.post("/live/frame", params={**ME, "time_s": 1}, content=camera_jpeg())
    assert (tmp_path / "faces/last.parquet").is_file()


def test_a_port_that_is_taken_is_told():
    with open_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            UsageError, match=rf"port {port} of 127.0.0.1 .*Choose another: affectflow live --port {port + 1}"
        ):
            open_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_told():
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        open_port("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("box", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host, here):
    assert is_loopback(host) == here


def test_port_0_takes_a_free_one():
    with open_port("127.0.0.1", 0) as bound:
        assert isinstance(bound, socket.socket)
        assert bound.getsockname()[1] > 0
