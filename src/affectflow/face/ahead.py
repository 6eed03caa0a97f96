"""Work on the next items while the caller still works on this one, in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(
    items: Iterable[T], work: Callable[[T], R], *, workers: int, results_ahead: int
) -> Generator[R, None, None]:
    """Yield ``work(item)`` of each item in order; items and work run ahead in threads.

    One thread takes the items (decoding a video, reading a table), `workers`
    threads work on them, and the caller gets the results. However long the
    stream is, at most ``2 * workers + 1`` items wait for a worker and at most
    `results_ahead` results wait for the caller.

    An exception, in `items` or in `work`, reaches the caller in its place of
    the order, and everything ends. So it does when the caller stops early
    (closes the generator).

    Parameters
    ----------
    items
        Taken in a thread of their own; a generator is closed there.
    work
        Called in several threads at once.
    workers
        How many threads work, >= 1.
    results_ahead
        How many results are made before they are asked for, >= 1.
    """
    if workers < 1 or results_ahead < 1:
        raise ValueError(f"workers {workers} and results_ahead {results_ahead} must be at least 1")
    belt = _Belt(items, work, workers, results_ahead)
    try:
        belt.start()
        yield from belt.results()
    finally:
        belt.stop()


class _Belt(Generic[T, R]):
    """The threads of one `map_ahead` and what lies between them."""

    def __init__(self, items: Iterable[T], work: Callable[[T], R], workers: int, ahead: int) -> None:
        self._items, self._work = items, work
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="work_ahead")
        # An item may be large (a decoded frame), a result small (a crop): they are counted apart.
        self._item_slots = threading.Semaphore(2 * workers + 1)
        self._result_slots = threading.Semaphore(ahead)
        self._queue: SimpleQueue[Future[R] | None] = SimpleQueue()
        self._stopped = threading.Event()
        # A daemon: a program that ends without closing the generator must not wait for it.
        self._taker = threading.Thread(target=self._take, name="take_ahead", daemon=True)

    def start(self) -> None:
        self._taker.start()

    def results(self) -> Iterator[R]:
        while (future := self._queue.get()) is not None:
            yield future.result()
            self._result_slots.release()

    def stop(self) -> None:
        self._stopped.set()
        # Wake the taker wherever it waits.
        self._item_slots.release()
        self._result_slots.release()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._taker.ident is not None:
            self._taker.join()

    def _take(self) -> None:
        iterator = iter(self._items)
        try:
            while self._may_go_on():
                try:
                    item = next(iterator)
                except StopIteration:
                    break
                self._queue.put(self._pool.submit(self._work_on, item))
                # Held by the worker alone from here on.
                del item
        except BaseException as error:
            if not self._stopped.is_set():
                failed: Future[R] = Future()
                failed.set_exception(error)
                self._queue.put(failed)
        finally:
            self._queue.put(None)
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def _may_go_on(self) -> bool:
        self._result_slots.acquire()
        self._item_slots.acquire()
        return not self._stopped.is_set()

    def _work_on(self, item: T) -> R:
        try:
            return self._work(item)
        finally:
            self._item_slots.release()
