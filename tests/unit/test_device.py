"""Where a network runs."""

import pytest
import torch

from affectflow import device as device_module
from affectflow.device import choose_device, mixed_precision, reproducible
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


@pytest.mark.parametrize(
    ("visible", "card", "granted", "sign"),
    [
        (None, False, 1, None),
        (None, True, 1, "nvidia0"),
        ("0", False, 1, "CUDA_VISIBLE_DEVICES=0"),
        ("", True, 1, None),
        ("-1", True, 1, None),
        (None, True, 0, None),
    ],
)
def test_a_gpu_that_torch_cannot_use_is_said_and_a_machine_without_one_is_not(
    monkeypatch, caplog, tmp_path, visible, card, granted, sign
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(device_module, "DEVICES", tmp_path)
    monkeypatch.delenv("SLURM_JOB_GPUS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    if card:
        (tmp_path / "nvidia0").touch()
    with caplog.at_level("INFO", logger="affectflow"):
        assert choose_device("auto", granted_gpus=granted).type == "cpu"
    assert ("running on the CPU" in caplog.text) == (sign is not None)
    assert (sign or "") in caplog.text


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


@pytest.mark.parametrize("section", ["train.loop", "eda.loop", "pictures.loop"])
def test_a_precision_that_only_cards_have_is_told_with_the_setting_it_stands_in(section):
    with pytest.raises(ConfigError, match=rf"^{section}\.amp: fp16 needs a GPU"):
        mixed_precision("fp16", torch.device("cpu"), section=section)
