"""Batches as tensors, read ahead of the network: of any examples, and of windows.

Axes: n = example, b = example of a batch, t = time, c = channel.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from affectflow.train.windows.normalise import Scaler
from affectflow.train.windows.window_set import WindowSet

# Batches that lie ready per worker: enough to cover a slow read, few enough for memory.
AHEAD = 2


class ReadAhead(ABC):
    """Examples, a batch at a time, in an order that is given.

    The same batches whatever the number of workers: each is made of its
    positions alone, and they come in order.

    Attributes
    ----------
    device
        Where tensors go.
    workers
        Threads that read ahead; 0 = read when asked.
    waited_s
        Time the consumer waited for data so far, seconds.
    """

    device: torch.device
    workers: int
    waited_s: float

    @abstractmethod
    def _make(self, chosen_b: np.ndarray) -> tuple[list[Tensor], Tensor]:
        """Read inputs and labels of the examples at some positions; on the CPU, in several threads at once."""

    def run(self, order_n: np.ndarray, batch_size: int) -> Iterator[tuple[list[Tensor], Tensor]]:
        """Yield inputs and labels of each batch.

        Parameters
        ----------
        order_n
            Positions of examples in the order wanted.
        batch_size
            Examples of a batch; the last may have fewer.
        """
        for arrays, labels_b in self._made(self._pieces(order_n, batch_size)):
            began = time.perf_counter()
            inputs = [self._moved(a) for a in arrays]
            labels = self._moved(labels_b)
            self.waited_s += time.perf_counter() - began
            yield inputs, labels

    def _pieces(self, order_n: np.ndarray, batch_size: int) -> list[np.ndarray]:
        return [order_n[i : i + batch_size] for i in range(0, len(order_n), batch_size)]

    def _made(self, pieces: Sequence[np.ndarray]) -> Iterator[tuple[list[Tensor], Tensor]]:
        if self.workers == 0:
            for chosen_b in pieces:
                began = time.perf_counter()
                made = self._make(chosen_b)
                self.waited_s += time.perf_counter() - began
                yield made
            return
        waiting: deque[Future] = deque()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="batches") as pool:
            try:
                for chosen_b in pieces:
                    waiting.append(pool.submit(self._make, chosen_b))
                    if len(waiting) > AHEAD * self.workers:
                        yield self._wait(waiting.popleft())
                while waiting:
                    yield self._wait(waiting.popleft())
            finally:
                for future in waiting:
                    future.cancel()

    def _wait(self, future: Future) -> tuple[list[Tensor], Tensor]:
        began = time.perf_counter()
        made = future.result()
        self.waited_s += time.perf_counter() - began
        return made

    def _moved(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, non_blocking=True)


@dataclass
class Batches(ReadAhead):
    """The windows of a set: values of each modality (0 where missing), then masks, and labels.

    Attributes
    ----------
    windows, modalities, scaler
        What is read, which arrays, and the scale they are put on.
    device, workers, waited_s
        See `ReadAhead`.
    """

    windows: WindowSet
    modalities: tuple[str, ...]
    scaler: Scaler
    device: torch.device
    workers: int = 0
    waited_s: float = 0.0

    def _make(self, chosen_b: np.ndarray) -> tuple[list[Tensor], Tensor]:
        scaled = self.scaler.apply({name: self.windows.arrays[name][chosen_b] for name in self.modalities})
        values, masks = [], []
        for name in self.modalities:
            missing = np.isnan(scaled[name])
            masks.append(torch.from_numpy(~missing.all(axis=2)))
            scaled[name][missing] = 0.0
            values.append(torch.from_numpy(scaled[name]))
        labels_b = torch.from_numpy(self.windows.label_n[chosen_b].astype(np.float32))
        if self.device.type == "cuda":
            values, masks, labels_b = (
                [v.pin_memory() for v in values],
                [m.pin_memory() for m in masks],
                labels_b.pin_memory(),
            )
        return values + masks, labels_b
