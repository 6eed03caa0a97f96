"""Crops to codes: the reference's numbers, the same bytes however the work is cut, and less memory at a pinch."""

import logging
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from affectflow.errors import InputError
from affectflow.face.emoca.arithmetic import cpu_has_bfloat16
from affectflow.face.emoca.codes import WIDTHS
from affectflow.face.emoca.encoders import Encoders
from affectflow.face.emoca.halves import Halves
from tests.support.golden_emoca import pseudo_images
from tests.support.golden_networks import ENCODERS, pseudo_network

NAMES = {
    "shape": "shapecode",
    "tex": "texcode",
    "exp": "expcode",
    "pose": "posecode",
    "cam": "cam",
    "light": "lightcode",
    "detail": "detailcode",
}
CPU = torch.device("cpu")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "emoca_encoder.npz") as arrays:
        return {name: arrays[key].reshape(4, -1) for name, key in NAMES.items()}


@pytest.fixture(scope="module")
def weights():
    return {name: array for encoder in ENCODERS for name, array in pseudo_network(encoder).items()}


@pytest.fixture(scope="module")
def encoders(weights):
    return Encoders.from_arrays(weights, detail=True)


@pytest.fixture(scope="module")
def exact(encoders):
    return encoders.encode(crops())


def crops():
    return np.ascontiguousarray(pseudo_images().transpose(0, 2, 3, 1))


def same(a, b):
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


def test_codes_are_the_references(golden, encoders, exact):
    assert tuple(exact) == encoders.names == tuple(NAMES)
    for name, expected in golden.items():
        assert exact[name].dtype == np.float32
        np.testing.assert_allclose(exact[name], expected, rtol=0, atol=1e-5, err_msg=name)


def test_the_detail_code_costs_nothing_when_it_is_not_wanted(weights, golden):
    asked = set()

    class Watched(dict):
        def __getitem__(self, name):
            asked.add(name.partition(".")[0])
            return super().__getitem__(name)

    codes = Encoders.from_arrays(Watched(weights)).encode(crops()[:1])
    assert asked == {"E_flame", "E_expression"}
    assert "detail" not in codes
    np.testing.assert_allclose(codes["exp"], golden["exp"][:1], rtol=0, atol=1e-5)


def test_bytes_do_not_depend_on_how_the_crops_are_cut(encoders):
    """What resuming inside a recording rests on."""
    three = crops()[[0, 1, 3]]
    at_once = encoders.encode(three)
    pieces = [encoders.encode(three[2:]), encoders.encode(three[:2])]
    assert same(at_once, {name: np.concatenate([p[name] for p in pieces[::-1]]) for name in at_once})


def test_bytes_depend_neither_on_threads_nor_on_the_batch_size(weights, exact):
    torch.set_num_threads(3)
    codes = Encoders.from_arrays(weights, batch_size=1).encode(crops()[:2])
    assert torch.get_num_threads() == 3
    torch.set_num_threads(1)
    assert same(codes, {name: exact[name][:2] for name in codes})


@pytest.mark.skipif(not cpu_has_bfloat16(), reason="this processor has no bfloat16")
def test_bfloat16_is_close(weights, exact):
    codes = Encoders.from_arrays(weights, precision="bfloat16", detail=True).encode(crops())
    for name in codes:
        assert codes[name].dtype == np.float32
        error = codes[name] - exact[name]
        assert 0 < np.sqrt(np.mean(error**2)) < 1e-2 * exact[name].std(), name
        assert np.abs(error).max() < 6e-3, name


def test_weights_of_another_variant_are_refused(weights):
    wider = {**weights, "E_expression.layers.2.bias": np.zeros(53, np.float32)}
    with pytest.raises(InputError, match="53 numbers"):
        Encoders.from_arrays(wider)
    fewer = {name: array for name, array in weights.items() if name != "E_flame.encoder.bn1.bias"}
    with pytest.raises(InputError, match=r"E_flame\.encoder\.bn1\.bias is missing"):
        Encoders.from_arrays(fewer)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((1, 3, 224, 224), np.uint8),
        np.zeros((224, 224, 3), np.uint8),
    ],
)
def test_other_crops_are_refused(wrong):
    with pytest.raises(ValueError, match=r"not uint8 \(n, 224, 224, 3\)"):
        small_encoders().encode(wrong)


class Trunk:
    """Means of the channels; takes more memory than there is for more than `most` pictures."""

    def __init__(self, most=None, error=None):
        self.most, self.error, self.seen = most, error, []

    def __call__(self, x):
        self.seen.append(len(x))
        if self.most is not None and len(x) > self.most:
            if self.error is not None:
                raise self.error
            torch.empty(2**55, dtype=torch.uint8)
        return x.float().mean(dim=(2, 3)) / 255


def head(encoder):
    network = torch.nn.Linear(3, WIDTHS[encoder])
    with torch.no_grad():
        network.weight.copy_(torch.arange(network.weight.numel()).view_as(network.weight) / 100)
    return network


def small_encoders(trunk=None, *, batch_size=8):
    trunk = trunk or Trunk()
    torch.manual_seed(0)
    networks = {name: Halves(trunk, head(name)) for name in ("E_flame", "E_expression")}
    return Encoders(networks, device=CPU, dtype=torch.float32, batch_size=batch_size)


def many_crops(n=13):
    return np.random.default_rng(0).integers(0, 256, (n, 224, 224, 3), dtype=np.uint8)


def test_no_crops_give_empty_codes():
    codes = small_encoders().encode(many_crops(0))
    assert {name: array.shape for name, array in codes.items()} == {
        "shape": (0, 100), "tex": (0, 50), "exp": (0, 50), "pose": (0, 6), "cam": (0, 3), "light": (0, 27)
    }  # fmt: skip


def test_passes_are_as_long_as_the_batch_size():
    trunk = Trunk()
    small_encoders(trunk).encode(many_crops(13))
    assert trunk.seen == [8, 8, 5, 5]


def compiled_by_name_only(monkeypatch, encoders):
    monkeypatch.setattr(torch, "compile", lambda function, **_options: function)
    encoders.compile()
    return encoders


def test_compiled_passes_all_have_one_shape_and_the_same_numbers(monkeypatch):
    trunk = Trunk()
    codes = compiled_by_name_only(monkeypatch, small_encoders(trunk)).encode(many_crops(13))
    assert set(trunk.seen) == {8}
    assert same(codes, small_encoders().encode(many_crops(13)))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "error",
    [None, MemoryError(), torch.cuda.OutOfMemoryError("CUDA out of memory")],
    ids=["torch", "python", "CUDA"],
)
def test_the_batch_size_halves_when_memory_runs_out(caplog, monkeypatch, error, threads):
    monkeypatch.setattr("affectflow.face.emoca.encoders.cpu_threads", lambda: threads)
    trunk = Trunk(most=2, error=error)
    encoders = small_encoders(trunk)
    with caplog.at_level(logging.WARNING, logger="affectflow"):
        codes = encoders.encode(many_crops())
    assert encoders.batch_size == 2
    assert [r.getMessage() for r in caplog.records] == [
        f"emoca: memory ran out; going on with {n} crops per pass" for n in (4, 2)
    ]
    assert same(codes, small_encoders().encode(many_crops()))
    trunk.seen.clear()
    encoders.encode(many_crops(4))
    assert trunk.seen == [2, 2, 2, 2]


def test_when_not_even_one_crop_fits_the_error_comes_out():
    encoders = small_encoders(Trunk(most=0))
    with pytest.raises(RuntimeError, match=r"allocate memory|not enough memory"):
        encoders.encode(many_crops(2))


def test_other_errors_come_out_at_once():
    trunk = Trunk(most=0, error=RuntimeError("a defect"))
    with pytest.raises(RuntimeError, match="a defect"):
        small_encoders(trunk).encode(many_crops(2))
    assert set(trunk.seen) == {2}


BROKEN_COMPILER = """
import torch
from affectflow.errors import MissingDependencyError
from affectflow.face.emoca.encoders import Encoders
from affectflow.face.emoca.halves import Halves

networks = {"E_flame": Halves(lambda x: x.float().mean(dim=(2, 3)), torch.nn.Linear(3, 236))}
encoders = Encoders(networks, device=torch.device("cpu"), dtype=torch.float32, batch_size=2)
try:
    encoders.compile()
except MissingDependencyError as error:
    print(error)
"""


def test_a_compiler_that_does_not_work_is_reported(tmp_path):
    """In a process of its own: torch reads $CXX once."""
    done = subprocess.run(
        [sys.executable, "-c", BROKEN_COMPILER],
        env={**os.environ, "CXX": "false", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"face\.emoca\.compile: torch\.compile does not work here \(.*\)\. .*compile: false\.\n",
        done.stdout,
    ), done.stdout + done.stderr


@pytest.mark.slow
def test_compiled_networks_give_the_same_codes(weights, exact):
    compiled = Encoders.from_arrays(weights, compile=True, batch_size=4)
    codes = compiled.encode(crops())
    for name in codes:
        np.testing.assert_allclose(codes[name], exact[name], rtol=0, atol=1e-5)


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize(("precision", "atol"), [("float32", 1e-5), ("bfloat16", 8e-3), ("auto", 8e-3)])
def test_a_gpu_gives_the_references_codes(weights, golden, precision, atol):
    on_gpu = Encoders.from_arrays(weights, device="cuda", precision=precision, detail=True)
    codes = on_gpu.encode(crops())
    for name, expected in golden.items():
        np.testing.assert_allclose(codes[name], expected, rtol=0, atol=atol, err_msg=name)


@pytest.mark.gpu
@needs_cuda
def test_a_gpu_keeps_to_its_memory_and_order(weights):
    torch.cuda.reset_peak_memory_stats()
    on_gpu = Encoders.from_arrays(weights, device="cuda", detail=True)
    many = np.concatenate([np.repeat(crops(), 200, axis=0), crops()])
    codes = on_gpu.encode(many)
    assert torch.cuda.max_memory_reserved() <= 8 * 2**30
    few = on_gpu.encode(crops())
    for name in codes:
        np.testing.assert_allclose(codes[name][:800:200], few[name], rtol=0, atol=8e-3)
        np.testing.assert_allclose(codes[name][800:], few[name], rtol=0, atol=8e-3)


@pytest.mark.gpu
@needs_cuda
def test_a_gpu_halves_when_its_memory_runs_out(weights):
    _free, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(min(1.0, 1.2 * 2**30 / total))
    try:
        on_gpu = Encoders.from_arrays(weights, device="cuda", batch_size=1024)
        codes = on_gpu.encode(np.repeat(crops(), 256, axis=0))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()
    assert on_gpu.batch_size < 1024
    expected = Encoders.from_arrays(weights, device="cuda").encode(crops())
    for name in codes:
        np.testing.assert_allclose(codes[name][::256], expected[name], rtol=0, atol=8e-3)
