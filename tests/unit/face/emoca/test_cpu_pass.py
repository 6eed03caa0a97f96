"""Tasks of one thread each: all crops come back in order, and torch's number of threads stays what it was."""

import threading

import numpy as np
import pytest
import torch

from affectflow.face.emoca.cpu_pass import TASK_PICTURES, pass_on_cpu
from affectflow.face.emoca.halves import Halves


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def numbered_crops(n):
    """Crops that are all one shade: their own number."""
    return np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None, None], (n, 224, 224, 3))


def means(x):
    return x.float().mean(dim=(2, 3))


def run(trunk, n, *, threads=3, static=False):
    networks = {"red": Halves(trunk, lambda f: f[:, :1]), "twice": Halves(trunk, lambda f: 2 * f[:, :2])}
    return pass_on_cpu(networks, numbered_crops(n), dtype=torch.float32, threads=threads, static=static)


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("n", [1, TASK_PICTURES, 2 * TASK_PICTURES + 3])
def test_every_crop_comes_back_in_its_place(n, static):
    found = run(means, n, static=static)
    expected = torch.arange(n, dtype=torch.float32)[:, None]
    assert list(found) == ["red", "twice"]
    torch.testing.assert_close(found["red"], expected)
    torch.testing.assert_close(found["twice"], 2 * expected.expand(n, 2))


def test_tasks_run_side_by_side_on_one_thread_each():
    both = threading.Barrier(2, timeout=60)
    threads = []

    def trunk(x):
        threads.append(torch.get_num_threads())
        both.wait()
        return means(x)

    run(trunk, TASK_PICTURES, threads=2)
    assert threads == [1, 1]


def test_no_more_tasks_at_once_than_threads():
    lock, most, now = threading.Lock(), 0, 0

    def trunk(x):
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        found = means(x)
        with lock:
            now -= 1
        return found

    run(trunk, 4 * TASK_PICTURES, threads=2)
    assert most in (1, 2)


def seen_by_a_new_thread():
    seen = []
    worker = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    worker.start()
    worker.join()
    return seen[0]


def test_threads_of_others_keep_their_number():
    run(means, 1)
    assert torch.get_num_threads() == 2
    assert seen_by_a_new_thread() == 2


def test_an_error_ends_the_pass_and_leaves_no_trace():
    seen = []

    def trunk(x):
        seen.append(len(x))
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        run(trunk, 20 * TASK_PICTURES, threads=1)
    assert len(seen) < 40
    assert seen_by_a_new_thread() == 2
