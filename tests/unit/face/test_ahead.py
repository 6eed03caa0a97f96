from __future__ import annotations

import gc
import threading
import time

import pytest

from affectflow.face.ahead import map_ahead

PATIENCE_S = 10.0


def our_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith(("take_ahead", "work_ahead"))]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert our_threads() == []


def uneven(i: int) -> int:
    """Later items are often done first."""
    time.sleep(0.004 if i % 5 == 0 else 0.0)
    return i * i


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("results_ahead", [1, 3, 50])
def test_results_come_in_order(workers, results_ahead):
    found = list(map_ahead(range(40), uneven, workers=workers, results_ahead=results_ahead))
    assert found == [i * i for i in range(40)]


def test_nothing_to_do():
    assert list(map_ahead([], uneven, workers=2, results_ahead=2)) == []


def test_items_and_work_do_not_run_in_the_callers_thread():
    seen = set()

    def items():
        for i in range(4):
            seen.add(threading.current_thread().name)
            yield i

    def work(i):
        seen.add(threading.current_thread().name)
        return i

    list(map_ahead(items(), work, workers=2, results_ahead=2))
    assert threading.current_thread().name not in seen
    assert {name.split("_")[0] for name in seen} == {"take", "work"}


def test_little_is_taken_ahead_of_a_slow_caller():
    taken = []

    def items():
        for i in range(1000):
            taken.append(i)
            yield i

    stream = map_ahead(items(), uneven, workers=2, results_ahead=6)
    next(stream)
    time.sleep(0.2)
    assert len(taken) <= 6 + 2
    stream.close()


def test_few_items_wait_for_slow_workers():
    waiting, most = 0, 0
    lock = threading.Lock()

    class Item:
        def __init__(self):
            nonlocal waiting, most
            with lock:
                waiting += 1
                most = max(most, waiting)

        def __del__(self):
            nonlocal waiting
            with lock:
                waiting -= 1

    def work(_):
        time.sleep(0.002)

    for _ in map_ahead((Item() for _ in range(60)), work, workers=2, results_ahead=50):
        pass
    gc.collect()
    # 2 * workers + 1 that wait or are worked on, and the one that is being taken.
    assert most <= 2 * 2 + 2
    assert waiting == 0


def failing_items(at: int):
    for i in range(20):
        if i == at:
            raise OSError(f"item {i} cannot be read")
        yield i


@pytest.mark.parametrize("at", [0, 1, 13])
def test_a_failing_source_ends_everything_in_its_place(at):
    stream = map_ahead(failing_items(at), uneven, workers=3, results_ahead=5)
    for i in range(at):
        assert next(stream) == i * i
    with pytest.raises(OSError, match=f"item {at} cannot"):
        next(stream)


@pytest.mark.parametrize("at", [0, 7])
def test_failing_work_ends_everything_in_its_place(at):
    def work(i):
        if i == at:
            raise ValueError(f"crop {i}")
        return i

    stream = map_ahead(range(100000), work, workers=3, results_ahead=5)
    for i in range(at):
        assert next(stream) == i
    with pytest.raises(ValueError, match=f"crop {at}"):
        next(stream)


def test_a_caller_who_stops_early_leaves_nothing_behind():
    closed = threading.Event()

    def items():
        try:
            yield from range(100000)
        finally:
            closed.set()

    stream = map_ahead(items(), uneven, workers=3, results_ahead=5)
    next(stream)
    started = time.monotonic()
    stream.close()
    assert time.monotonic() - started < PATIENCE_S
    assert closed.is_set()


def test_a_caller_who_fails_leaves_nothing_behind():
    with pytest.raises(KeyError):
        for i in map_ahead(range(100000), uneven, workers=3, results_ahead=5):
            if i > 100:
                raise KeyError(i)
    gc.collect()


def test_a_forgotten_stream_does_not_keep_the_program():
    """The generator is still open when the interpreter ends."""
    import subprocess
    import sys

    code = (
        "from affectflow.face.ahead import map_ahead\n"
        "stream = map_ahead(iter(int, 1), abs, workers=2, results_ahead=3)\n"
        "next(stream)\nimport builtins; builtins.kept = stream\nprint('end', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "end\n"
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("workers", "results_ahead"), [(0, 1), (1, 0)])
def test_senseless_numbers_are_refused(workers, results_ahead):
    with pytest.raises(ValueError, match="at least 1"):
        list(map_ahead([1], abs, workers=workers, results_ahead=results_ahead))
