"""Kind of numbers, batch size, compiler and out-of-memory, on machines this is not."""

import numpy as np
import pytest
import torch

from affectflow.errors import ConfigError, MissingDependencyError
from affectflow.face.emoca import arithmetic
from affectflow.face.emoca.arithmetic import (
    choose_precision,
    cpu_has_bfloat16,
    cpu_threads,
    cuda_batch_size,
    default_batch_size,
    is_out_of_memory,
    require_compiler,
)

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
GIB = 2**30


def cuda_of(monkeypatch, capability):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a Turing card")


@pytest.mark.parametrize("native", [True, False])
def test_auto_on_a_cpu_is_float32(monkeypatch, native):
    monkeypatch.setattr(arithmetic, "cpu_has_bfloat16", lambda: native)
    assert choose_precision("auto", CPU) == torch.float32
    assert choose_precision("float32", CPU) == torch.float32


def test_bfloat16_on_a_cpu_only_when_asked_and_native(monkeypatch):
    monkeypatch.setattr(arithmetic, "cpu_has_bfloat16", lambda: True)
    assert choose_precision("bfloat16", CPU) == torch.bfloat16
    monkeypatch.setattr(arithmetic, "cpu_has_bfloat16", lambda: False)
    with pytest.raises(
        ConfigError, match=r"precision: bfloat16.*this processor.*AVX512_BF16.*auto or float32"
    ):
        choose_precision("bfloat16", CPU)


def test_cuda_takes_bfloat16_from_ampere_on(monkeypatch):
    cuda_of(monkeypatch, (8, 0))
    assert choose_precision("auto", CUDA) == torch.bfloat16
    assert choose_precision("float32", CUDA) == torch.float32
    cuda_of(monkeypatch, (7, 5))
    assert choose_precision("auto", CUDA) == torch.float32
    with pytest.raises(ConfigError, match="a Turing card has no instructions"):
        choose_precision("bfloat16", CUDA)


@pytest.mark.parametrize(
    ("found", "native"),
    [
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False, "cpu_name": "bf16"}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"architecture": "aarch64", "bf16": True}, True),
    ],
)
def test_the_processor_is_asked(monkeypatch, found, native):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert cpu_has_bfloat16() is native


@pytest.mark.parametrize(
    ("torchs", "cores", "threads", "crops"), [(2, 2, 2, 16), (1, 64, 1, 16), (4, 2, 2, 16), (16, 64, 16, 128)]
)
def test_the_batch_size_of_a_cpu_follows_its_threads(monkeypatch, torchs, cores, threads, crops):
    monkeypatch.setattr(torch, "get_num_threads", lambda: torchs)
    monkeypatch.setattr(arithmetic.os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
    assert cpu_threads() == threads
    assert default_batch_size(CPU, torch.float32) == default_batch_size(CPU, torch.bfloat16) == crops


def test_the_batch_size_of_a_gpu_follows_its_free_memory(monkeypatch):
    for free, dtype, size in [
        (80 * GIB, torch.bfloat16, 256),
        (80 * GIB, torch.float32, 256),
        (4 * GIB, torch.bfloat16, 128),
        (4 * GIB, torch.float32, 64),
        (GIB // 4, torch.bfloat16, 8),
        (0, torch.bfloat16, 1),
    ]:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 141 * GIB))
        assert default_batch_size(CUDA, dtype) == size
        assert cuda_batch_size(free, dtype) == size
        assert size == 1 or size * arithmetic.BYTES_PER_PICTURE * dtype.itemsize // 2 <= free // 2
    assert 256 * arithmetic.BYTES_PER_PICTURE * 2 < 8 * GIB


def test_a_compiler_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(MissingDependencyError, match=r"compile: true needs a C\+\+ compiler.*compile: false"):
        require_compiler(CPU)
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    require_compiler(CPU)
    monkeypatch.setattr(arithmetic.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="package triton"):
        require_compiler(CUDA)


def test_out_of_memory_is_told_from_other_errors():
    with pytest.raises(RuntimeError) as allocation:
        torch.empty(2**55, dtype=torch.uint8)
    assert is_out_of_memory(allocation.value)
    with pytest.raises(MemoryError) as array:
        np.empty(2**55, np.uint8)
    assert is_out_of_memory(array.value)
    assert is_out_of_memory(torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"))
    with pytest.raises(RuntimeError) as shapes:
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    assert not is_out_of_memory(shapes.value)
    assert not is_out_of_memory(ValueError("out of memory"))
