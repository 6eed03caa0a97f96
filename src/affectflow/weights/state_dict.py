"""A network's state dict out of a user's file: exactly the tensors of its graph, or one line that lists what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affectflow.errors import InputError
from affectflow.weights.base import Arrays
from affectflow.weights.checked import checked_numbers
from affectflow.weights.checkpoint import Tensors, open_checkpoint
from affectflow.weights.legacy_checkpoint import LEGACY_START, LegacyCheckpoint
from affectflow.weights.networks import Shapes

# What trainings on several cards put before names, anywhere and more than once.
WRAPPER = "module."
COUNTER = "num_batches_tracked"
# Names that a message lists before it says how many more there are.
LISTED = 3


@contextmanager
def open_tensors(path: Path) -> Iterator[Tensors]:
    """Open a state dict that torch.save wrote, alone or inside a training's checkpoint, in the new form or the old.

    Raises
    ------
    InputError
        If it is damaged, no such file, or names things that have no place in it.
    """
    with path.open("rb") as handle:
        old = handle.read(len(LEGACY_START)) == LEGACY_START
    if old:
        yield LegacyCheckpoint(path)
    else:
        with open_checkpoint(path, bare=True) as checkpoint:
            yield checkpoint


def read_state_dict(
    path: Path, shapes: Shapes, *, what: str, unread: tuple[str, ...] = (), counters: bool = True
) -> Arrays:
    """Read a network's tensors, all of them and no others.

    Parameters
    ----------
    path
        A user's file. Every `module.` in its names is dropped.
    shapes
        Name → shape of the network's tensors.
    what
        What the file should be, for messages, such as "EmoNet for 8 classes".
    unread
        Beginnings of names that may be there or not and are left out, such as "fc." of a last layer.
    counters
        Whether the counters of batch norms must be there; files from before PyTorch 0.4.1 have none.

    Returns
    -------
    Name → array, float32 or (counters) int64.

    Raises
    ------
    InputError
        If tensors are missing, unknown, given twice or of another shape (the
        message lists them), a number is not finite, or the file is none of ours.
    """
    with open_tensors(path) as file:
        official: dict[str, str] = {}
        for name in file.tensors:
            plain = name.replace(WRAPPER, "")
            if plain.startswith(unread):
                continue
            if plain in official:
                raise InputError(f"{path}: holds {plain} twice, as {official[plain]} and as {name}.")
            official[plain] = name
        if not counters:
            shapes = {n: s for n, s in shapes.items() if n in official or not n.endswith(COUNTER)}
        _check(path, {plain: file.tensors[name].shape for plain, name in official.items()}, shapes, what)
        return {plain: checked_numbers(plain, file.read(official[plain]), path) for plain in shapes}


def _check(path: Path, found: Shapes, wanted: Shapes, what: str) -> None:
    """Compare names and shapes, and list every kind of difference."""
    missing = [name for name in wanted if name not in found]
    unknown = [name for name in found if name not in wanted]
    other = [
        f"{name} {found[name]} instead of {shape}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    problems = [
        f"{len(names)} {kind}: {', '.join(names[:LISTED])}{' …' if len(names) > LISTED else ''}"
        for kind, names in (("missing", missing), ("unknown", unknown), ("of another shape", other))
        if names
    ]
    if problems:
        raise InputError(
            f"{path}: is not {what}, which has {len(wanted)} tensors; {'; '.join(problems)}. "
            "Get the official file, or put this one elsewhere."
        )
