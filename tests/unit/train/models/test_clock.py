"""Modalities on one clock."""

import torch

from affectflow.train.models.clock import held, one_clock


def test_a_slower_sequence_is_held():
    assert held(torch.arange(3)[None], 6).tolist() == [[0, 0, 1, 1, 2, 2]]
    assert held(torch.arange(6)[None], 6).tolist() == [[0, 1, 2, 3, 4, 5]]
    # 4 Hz on 10 Hz: the old sample in which the middle of each new one lies.
    assert held(torch.arange(2)[None], 5).tolist() == [[0, 0, 1, 1, 1]]


def test_channels_come_with_where_they_were_measured():
    fast, slow = torch.ones(1, 4, 2), torch.full((1, 2, 1), 7.0)
    x, present = one_clock(
        [fast, slow], [torch.tensor([[True, True, True, False]]), torch.tensor([[False, True]])]
    )
    assert x[0].tolist() == [[1, 1, 0, 1, 0], [1, 1, 0, 1, 0], [1, 1, 7, 1, 1], [0, 0, 7, 0, 1]]
    assert present.tolist() == [[True, True, True, True]]
    assert one_clock([fast], [torch.zeros(1, 4).bool()])[1].tolist() == [[False] * 4]
