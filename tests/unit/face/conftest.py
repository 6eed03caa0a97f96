"""What tests of networks share."""

import pytest
import torch


@pytest.fixture(scope="module")
def one_thread():
    """Beside other tests on few cores, threads that wait for each other take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
