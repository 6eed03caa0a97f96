"""Records of pickles to arrays, as NumPy, SciPy, PyTorch and chumpy left them, and nothing out of bounds."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from affectflow.errors import InputError
from affectflow.weights.arrays import is_embedding_name, is_head_model_name, to_array
from affectflow.weights.storages import strided
from affectflow.weights.unpickle import pickled_document
from tests.support import pickles

KINDS = ["f2", "f4", "f8", ">f8", "i1", "i4", "i8", "u1", "u4", "?"]


def read(content: bytes, admit=is_head_model_name):
    return to_array(pickled_document(content, admit=admit, where="f"), "f")


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: hnp.arrays(np.dtype(kind), hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
    ),
    st.integers(2, 5),
    st.booleans(),
)
def test_numpy_arrays_come_out_the_same(array, protocol, column_major):
    array = np.asfortranarray(array) if column_major else array
    made = read(pickle.dumps(array, protocol))
    np.testing.assert_array_equal(made, array)
    assert made.dtype.kind == array.dtype.kind
    assert made.dtype.itemsize == array.dtype.itemsize


def test_a_number_of_numpy():
    assert read(pickle.dumps(np.float64(2.5))) == 2.5


@pytest.mark.parametrize("write", [pickles.array, pickles.chumpy, pickles.chumpy_select])
@pytest.mark.parametrize("kind", ["f8", "u4"])
def test_python_2_arrays_and_chumpys(write, kind):
    array = np.arange(24, dtype=kind).reshape(2, 3, 4)
    np.testing.assert_array_equal(read(pickles.document(write(array))), array)
    assert read(pickles.document(write(array))).dtype == array.dtype


def test_a_chumpy_of_a_chumpy():
    inner = pickles.chumpy(np.arange(3.0))
    made = read(pickles.document(pickles.new_object("chumpy.ch", "Ch", {"x": inner})))
    np.testing.assert_array_equal(made, [0, 1, 2])


def test_sparse_matrices_of_scipy_become_full():
    rng = np.random.default_rng(0)
    full = np.where(rng.random((5, 40)) < 0.2, rng.random((5, 40)), 0)
    np.testing.assert_array_equal(read(pickles.document(pickles.sparse(full))), full)
    from scipy.sparse import csc_matrix

    np.testing.assert_array_equal(read(pickle.dumps(csc_matrix(full))), full)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12).reshape(3, 4),
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(20.0)[5:15:3],
        torch.tensor(3.5, dtype=torch.float64),
        torch.tensor([True, False]),
        torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        torch.zeros(0, 3),
    ],
    ids=lambda t: f"{str(t.dtype)[6:]}{tuple(t.shape)}",
)
def test_pytorch_tensors_within_pickles(tensor):
    made = read(pickle.dumps(tensor), is_embedding_name)
    np.testing.assert_array_equal(
        made, tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
    )


def test_a_parameter_within_a_pickle():
    parameter = torch.nn.Parameter(torch.ones(2))
    np.testing.assert_array_equal(read(pickle.dumps(parameter), is_embedding_name), [1, 1])


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=3),
    st.integers(0, 40),
)
def test_a_view_lies_inside_or_is_refused(size, axes, offset):
    storage = np.arange(size, dtype=np.float32)
    shape, steps = [n for n, _ in axes], [s for _, s in axes]
    fits = 0 in shape or offset + sum((n - 1) * s for n, s in axes) < size
    if not fits:
        with pytest.raises(ValueError, match="reaches"):
            strided(storage, offset, shape, steps)
        return
    expected = torch.as_strided(torch.arange(max(size, 1) * 1.0), shape, steps, 0 if 0 in shape else offset)
    np.testing.assert_array_equal(strided(storage, offset, shape, steps), expected.numpy())


def reconstructed(shape: bytes, dtype: bytes, content: bytes) -> bytes:
    """An array with any state."""
    empty = pickles.call(
        pickles.name("numpy.core.multiarray", "_reconstruct"),
        pickles.name("numpy", "ndarray"),
        pickles.group(pickles.number(0)),
        pickles.text("b"),
    )
    state = pickles.group(pickles.number(1), shape, dtype, b"\x89", content)
    return pickles.document(empty + state + pickles.BUILD)


F8 = pickles.dtype(np.dtype("f8"))
OBJECTS = pickles.call(
    pickles.name("numpy", "dtype"), pickles.text("O8"), pickles.number(0), pickles.number(1)
)
HUGE = pickles.call(pickles.name("numpy", "dtype"), pickles.text("V2147483647"), pickles.number(0))
PAIR = pickles.group(pickles.number(2))


def csc(**changes: bytes) -> bytes:
    state = {
        "_shape": pickles.group(pickles.number(2), pickles.number(2)),
        "data": pickles.array(np.ones(2)),
        "indices": pickles.array(np.array([0, 1])),
        "indptr": pickles.array(np.array([0, 1, 2])),
    }
    return pickles.document(pickles.new_object("scipy.sparse", "csc_matrix", state | changes))


@pytest.mark.parametrize(
    "content",
    [
        reconstructed(PAIR, F8, pickles.text("short")),
        reconstructed(
            pickles.group(pickles.number(2**31 - 1), pickles.number(2**31 - 1)), F8, pickles.text("")
        ),
        reconstructed(pickles.group(pickles.number(-1)), F8, pickles.text("")),
        reconstructed(PAIR, OBJECTS, pickles.text(b"\x41" * 16)),
        reconstructed(PAIR, HUGE, pickles.text("")),
        reconstructed(PAIR, pickles.text("f8"), pickles.text(b"\0" * 16)),
        reconstructed(pickles.group(pickles.text("2")), F8, pickles.text(b"\0" * 16)),
        csc(indices=pickles.array(np.array([0, 7]))),
        csc(indices=pickles.array(np.array([0, -1]))),
        csc(indptr=pickles.array(np.array([0, 5, 2]))),
        csc(_shape=pickles.group(pickles.number(2**30), pickles.number(2**30))),
        pickles.document(pickles.text("words")),
        pickles.document(pickles.name("numpy", "ndarray")),
        pickles.document(pickles.python2_object("chumpy.ch", "Ch", {"y": pickles.number(1)})),
        pickle.dumps([[1, 2], [3, 4]]),
        pickle.dumps(["a"]),
    ],
)
def test_sizes_that_do_not_agree_are_one_line(content):
    with pytest.raises(InputError) as error:
        read(content)
    assert "is no array of numbers" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_endless_chumpy_ends():
    # A state that holds the object itself.
    content = pickles.document(
        pickles.name("chumpy.ch", "Ch") + b")\x81q\x00" + b"}" + pickles.text("x") + b"h\x00sb"
    )
    with pytest.raises(InputError, match="nested too deep"):
        read(content)


@pytest.mark.filterwarnings("ignore:TypedStorage")
@pytest.mark.parametrize("place", [0, 20, 60, 200, -9, -3])
def test_a_tensors_damaged_numbers_are_one_line(place):
    stream = io.BytesIO()
    torch.save(torch.arange(4.0).storage(), stream, _use_new_zipfile_serialization=False)
    raw = bytearray(stream.getvalue())
    del raw[place:]
    load = pickles.call(pickles.name("torch.storage", "_load_from_bytes"), pickles.text(bytes(raw)))
    numbers = [pickles.number(0), pickles.group(pickles.number(4)), pickles.group(pickles.number(1))]
    document = pickles.document(pickles.call(pickles.name("torch._utils", "_rebuild_tensor"), load, *numbers))
    with pytest.raises(InputError) as error:
        read(document, is_embedding_name)
    assert "\n" not in str(error.value)
