"""Seconds per optimiser step of the cross-modal transformer at its published size.

Run: python bench/bench_train.py

Attention dropout draws a random number for every pair of samples of every head;
without it a fused kernel does the attention. Both are timed in turn within one
run on the same random windows, so their ratio holds on any machine.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from affectflow.device import choose_device
from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig

BATCH, N_TIME, N_FACE, N_BIO = 32, 270, 168, 6
ROUNDS = 4


def main() -> int:
    """Print the figures."""
    device = choose_device("auto", granted_gpus=int(torch.cuda.is_available()))
    torch.manual_seed(0)
    inputs = [torch.randn(BATCH, N_TIME, c, device=device) for c in (N_FACE, N_BIO)]
    inputs += [torch.ones(BATCH, N_TIME, dtype=torch.bool, device=device)] * 2
    labels = torch.randint(0, 2, (BATCH,), device=device).float()
    networks = {p: _network(p, device) for p in (0.1, 0.0)}
    seconds: dict[float, list[float]] = {p: [] for p in networks}
    for _ in range(1 + ROUNDS):
        for p, (network, optimiser) in networks.items():
            seconds[p].append(_step(network, optimiser, inputs, labels))
    published, ours = (statistics.median(s[1:]) for s in seconds.values())
    size = sum(p.numel() for p in networks[0.1][0].parameters())
    print(
        f"cross_modal, {size:,} parameters, batch {BATCH}, T {N_TIME}, {device}, {torch.get_num_threads()} threads"
    )
    print(f"as published (attention dropout 0.1): {published:.3f} s a step")
    print(f"default (attention dropout 0):        {ours:.3f} s a step, {published / ours:.2f} times faster")
    return 0


def _network(attention_dropout: float, device: torch.device) -> tuple[CrossModal, torch.optim.Optimizer]:
    config = CrossModalConfig(N_FACE, N_BIO, N_TIME, attention_dropout=attention_dropout)
    network = CrossModal(config).to(device).train()
    return network, torch.optim.AdamW(network.parameters(), lr=3e-4)


def _step(
    network: CrossModal, optimiser: torch.optim.Optimizer, inputs: list[torch.Tensor], labels: torch.Tensor
) -> float:
    started = time.perf_counter()
    optimiser.zero_grad()
    binary_cross_entropy_with_logits(network(*inputs), labels).backward()
    optimiser.step()
    if labels.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
