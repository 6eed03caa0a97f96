"""Pickles as documents: plain values come out as they are, everything else stays words."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.errors import InputError
from affectflow.weights.unpickle import Made, Name, Stored, pickled_document
from tests.support import pickles

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


def anything(_: Name) -> bool:
    return True


def nothing(_: Name) -> bool:
    return False


@settings(max_examples=150, deadline=None)
@given(plain, st.sampled_from([3, 4, 5]))
def test_plain_values_come_out_as_pickle_gives_them(value, protocol):
    assert pickled_document(pickle.dumps(value, protocol), admit=nothing, where="f") == value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text() | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none()))
def test_the_oldest_protocols_too(value):
    for protocol in (0, 1, 2):
        assert pickled_document(pickle.dumps(value, protocol), admit=nothing, where="f") == value


def test_shared_parts_stay_shared():
    part = [1, 2]
    first, second = pickled_document(pickle.dumps((part, part)), admit=nothing, where="f")
    assert first is second


def test_python_2_texts_keep_their_bytes():
    raw = bytes(range(256))
    line = b"S" + repr(raw)[1:].encode("latin-1") + b"\n."
    assert pickled_document(line, admit=nothing, where="f") == raw.decode("latin-1")


def test_an_ordered_dict_becomes_a_dict():
    value = OrderedDict([("b", 1), ("a", OrderedDict(x=2))])
    for protocol in range(6):
        read = pickled_document(pickle.dumps(value, protocol), admit=anything, where="f")
        assert read == {"b": 1, "a": {"x": 2}}


def test_calls_stay_records():
    made = pickled_document(pickle.dumps(io.BytesIO(b"abc")), admit=anything, where="f")
    assert isinstance(made, Made)
    assert made.name == Name("_io", "BytesIO")
    assert made.state[0] == b"abc"


def test_python_2_names_are_todays():
    seen = []
    document = pickles.document(pickles.python2_object("chumpy.ch", "Ch", {"x": pickles.number(1)}))
    made = pickled_document(document, admit=lambda name: seen.append(name) or True, where="f")
    assert made.name == ("chumpy.ch", "Ch")
    assert made.state == {"x": 1}
    assert seen == [("copyreg", "_reconstructor"), ("chumpy.ch", "Ch"), ("builtins", "object")]


def test_references_are_read_only_where_they_belong():
    document = pickles.document(pickles.text("key") + b"Q")
    assert pickled_document(document, admit=nothing, where="f", stored=True) == Stored("key")
    with pytest.raises(InputError, match="refers to something outside itself"):
        pickled_document(document, admit=nothing, where="f")


def test_a_name_that_is_not_admitted_is_refused_with_its_name():
    with pytest.raises(InputError, match=r"model\.pkl: names '_io\.BytesIO', which has no place"):
        pickled_document(pickle.dumps(io.BytesIO()), admit=nothing, where="model.pkl")


def test_several_pickles_in_a_row():
    stream = io.BytesIO(pickle.dumps([1]) + pickle.dumps([2]))
    assert pickled_document(stream, admit=nothing, where="f") == [1]
    assert pickled_document(stream, admit=nothing, where="f") == [2]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"N",
        b"NN.",
        b"\xff.",
        b"\x80\x09N.",
        b"t.",
        b"(0.",
        b"h\x05.",
        b"K\x01K\x02s.",
        b"K\x01a.",
        b"]K\x01K\x02u.",
        b"(KKK",
        b"S'abc\n.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x8b\xff\xff\xff\x7fabc.",
        b"R.",
        b"b.",
        b"X\x02\x00\x00\x00\xff\xfe.",
    ],
)
def test_damaged_pickles_are_one_line(content):
    with pytest.raises(InputError) as error:
        pickled_document(content, admit=anything, where="f.pkl")
    assert str(error.value).startswith("f.pkl: ")
    assert "\n" not in str(error.value)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_end_in_anything_but_a_value_or_that_line(data):
    codes = st.sampled_from([op.code.encode("latin-1") for op in pickletools.opcodes])
    content = b"".join(data.draw(st.lists(codes | st.binary(max_size=4), max_size=40))) + b"."
    with suppress(InputError):
        pickled_document(content, admit=anything, where="f", stored=True)


def test_a_memo_of_any_number_costs_nothing():
    # Python's own unpickler makes room for every number up to this one: 32 GB.
    content = b"\x80\x02N" + b"r" + (2**32 - 1).to_bytes(4, "little") + b"."
    assert pickled_document(content, admit=nothing, where="f") is None


def test_keys_that_take_for_ever_to_hash_are_dropped():
    # A tuple of itself twice, sixty times over: 2^60 leaves to hash.
    content = b"}" + b"K\x01" + b"2\x86" * 60 + b"K\x05s."
    assert pickled_document(content, admit=nothing, where="f") == {}
