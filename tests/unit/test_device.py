"""Where a network runs."""

import pytest
import torch

from affectflow.device import choose_device, reproducible
from affectflow.errors import ConfigError


@pytest.mark.parametrize(
    ("wanted", "granted", "cuda", "device"),
    [
        ("auto", 1, True, "cuda"),
        ("auto", 0, True, "cpu"),
        ("auto", 1, False, "cpu"),
        ("auto", 0, False, "cpu"),
        ("cpu", 1, True, "cpu"),
        ("cuda", 0, True, "cuda"),
    ],
)
def test_device_follows_wish_grant_and_machine(monkeypatch, wanted, granted, cuda, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert choose_device(wanted, granted_gpus=granted).type == device


def test_a_granted_gpu_that_does_not_exist_is_said(monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level("INFO", logger="affectflow"):
        choose_device("auto", granted_gpus=1)
    assert "running on the CPU" in caplog.text


def test_cuda_asked_for_and_absent_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"no CUDA device here. Set device: auto or cpu"):
        choose_device("cuda", granted_gpus=1)


def test_settings_of_torch_come_back():
    before = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    with pytest.raises(ZeroDivisionError), reproducible(torch.device("cpu"), threads=1):
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 1
        1 / 0  # noqa: B018
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
