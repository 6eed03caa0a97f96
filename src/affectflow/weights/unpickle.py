"""Read a pickle as a document, not as a program.

A pickle is a list of instructions for a machine that may import any module and
call any function. This machine carries out the instructions that build plain
values. A name in a pickle stays a `Name`, a call stays a `Made` record of what
would have been called with what: nothing is imported, nothing is called, and no
object of another library is made. `weights.arrays` then turns the few records
that describe arrays into arrays. Cost and memory are in proportion to the
bytes, whatever they say.

The instructions and how their arguments are stored come from the standard
library's `pickletools`.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from typing import Any, NamedTuple

from affectflow.errors import InputError

# Python 2 named them otherwise.
RENAMED = {"copy_reg": "copyreg", "__builtin__": "builtins", "numpy._core": "numpy.core"}
PLAIN_KEYS = (str, bytes, int, float, bool, type(None))


class Name(NamedTuple):
    """A name that a pickle refers to; never looked up."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}.{self.attribute}"


class Made:
    """What a pickle says should be made: a name called with arguments, then given a state.

    Attributes
    ----------
    name
        What would be called.
    args
        With what.
    state
        What its state would be set to (BUILD), or None.
    """

    __slots__ = ("args", "name", "state")

    def __init__(self, name: Name, args: tuple[Any, ...]) -> None:
        self.name = name
        self.args = args
        self.state: Any = None


class Stored(NamedTuple):
    """A reference to something that lies outside the pickle, such as a tensor's numbers."""

    key: Any


class _RefusedError(Exception):
    """An instruction that has no place in the files we read."""


_MARK = object()
# Instructions whose argument is the value to push.
_VALUES = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    }
)
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}


def pickled_document(
    content: bytes | io.BytesIO, *, admit: Callable[[Name], bool], where: str, stored: bool = False
) -> Any:
    """Return the value a pickle describes, with names and calls left as records.

    Parameters
    ----------
    content
        The pickle; of a stream, as much as one pickle takes.
    admit
        Whether a name may stand in this kind of file.
    where
        The file, for messages.
    stored
        Whether the pickle may refer to things outside it (persistent ids).

    Returns
    -------
    Plain values, lists, tuples and dicts; `Name`, `Made` and `Stored` records.
    A dict keeps only entries with plain keys or names as keys.

    Raises
    ------
    InputError
        If the pickle is damaged, or names what `admit` does not know.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        return _Machine(admit, stored).run(stream)
    except _RefusedError as error:
        raise InputError(
            f"{where}: {error}. Nothing of it was run; do not use this file, and get it from its authors."
        ) from None
    except (ValueError, IndexError, TypeError, KeyError, AttributeError, MemoryError, OverflowError) as error:
        raise InputError(
            f"{where}: is damaged or no pickle ({_short(error)}). Get the file again from its authors."
        ) from None


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:80]}".replace("\n", " ").rstrip(": ")


class _Machine:
    """A stack, a memo, and no way out."""

    def __init__(self, admit: Callable[[Name], bool], stored: bool) -> None:
        self._admit, self._stored = admit, stored
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: io.BytesIO) -> Any:
        while True:
            code = stream.read(1)
            opcode = _OPCODES.get(code)
            if opcode is None:
                raise ValueError("it ends too early" if not code else f"no such instruction: {code!r}")
            name = opcode.name
            if name == "STOP":
                (value,) = self._stack
                return value
            # pickletools takes texts of protocol 0 for ASCII; Python 2 put arrays there.
            reader = _python2_text if name == "STRING" else opcode.arg.reader if opcode.arg else None
            argument = reader(stream) if reader else None
            if name in _VALUES:
                self._stack.append(argument)
            elif name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name])
            else:
                action = getattr(self, f"_do_{name.lower()}", None)
                if action is None:
                    raise _RefusedError(f"holds the instruction {name}, which has no place in such a file")
                action(argument)

    def _since_mark(self) -> list[Any]:
        index = len(self._stack) - 1
        while self._stack[index] is not _MARK:
            index -= 1
            if index < 0:
                raise ValueError("a group ends that never began")
        items = self._stack[index + 1 :]
        del self._stack[index:]
        return items

    def _do_proto(self, version: int) -> None:
        if version > 5:
            raise ValueError(f"protocol {version} is unknown")

    def _do_frame(self, _: int) -> None:
        # Frames only help a reader to fetch bytes.
        pass

    def _do_mark(self, _: None) -> None:
        self._stack.append(_MARK)

    def _do_pop(self, _: None) -> None:
        self._stack.pop()

    def _do_pop_mark(self, _: None) -> None:
        self._since_mark()

    def _do_dup(self, _: None) -> None:
        self._stack.append(self._stack[-1])

    # --- the memo

    def _do_memoize(self, _: None) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _do_put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    _do_binput = _do_long_binput = _do_put

    def _do_get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    _do_binget = _do_long_binget = _do_get

    # --- lists, tuples, sets (kept as lists), dicts

    def _do_empty_list(self, _: None) -> None:
        self._stack.append([])

    _do_empty_set = _do_empty_list

    def _do_list(self, _: None) -> None:
        self._stack.append(self._since_mark())

    def _do_append(self, _: None) -> None:
        item = self._stack.pop()
        self._extend([item])

    def _do_appends(self, _: None) -> None:
        self._extend(self._since_mark())

    _do_additems = _do_appends

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Made):
            raise TypeError("items for something that is no list")

    def _do_empty_tuple(self, _: None) -> None:
        self._stack.append(())

    def _do_tuple(self, _: None) -> None:
        self._stack.append(tuple(self._since_mark()))

    _do_frozenset = _do_tuple

    def _do_tuple1(self, _: None) -> None:
        self._stack[-1:] = [(self._stack[-1],)]

    def _do_tuple2(self, _: None) -> None:
        self._stack[-2:] = [(self._stack[-2], self._stack[-1])]

    def _do_tuple3(self, _: None) -> None:
        self._stack[-3:] = [(self._stack[-3], self._stack[-2], self._stack[-1])]

    def _do_empty_dict(self, _: None) -> None:
        self._stack.append({})

    def _do_dict(self, _: None) -> None:
        items = self._since_mark()
        self._stack.append({})
        self._set(items)

    def _do_setitem(self, _: None) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _do_setitems(self, _: None) -> None:
        self._set(self._since_mark())

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                # Nested tuples as keys can take for ever to hash; none of our files need them.
                if isinstance(key, (*PLAIN_KEYS, Name)):
                    target[key] = value
        elif not isinstance(target, Made):
            raise TypeError("entries for something that is no dict")

    # --- names and calls: written down, never followed

    def _do_global(self, argument: str) -> None:
        module, _, attribute = argument.partition(" ")
        self._name(module, attribute)

    def _do_stack_global(self, _: None) -> None:
        attribute, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(module, str) and isinstance(attribute, str)):
            raise _RefusedError("makes up a name as it goes, which has no place in such a file")
        self._name(module, attribute)

    def _name(self, module: str, attribute: str) -> None:
        for old, new in RENAMED.items():
            if module == old or module.startswith(f"{old}."):
                module = new + module[len(old) :]
        name = Name(module, attribute)
        if not self._admit(name):
            raise _RefusedError(f"names {str(name)[:80]!r}, which has no place in such a file")
        self._stack.append(name)

    def _make(self, called: Any, args: Any) -> None:
        if not isinstance(called, Name) or not isinstance(args, tuple):
            raise _RefusedError("calls something that is not a plain name, which has no place in such a file")
        if called == ("copyreg", "_reconstructor") or called == ("copyreg", "__newobj__"):
            # Both stand for an empty object of the class that comes first.
            if not args or not isinstance(args[0], Name):
                raise _RefusedError("makes an object of something that is no class")
            called, args = args[0], ()
        if called == ("collections", "OrderedDict"):
            self._stack.append({})
            # Pair by pair: a list of references to long lists must not be laid out as one.
            for key, value in args[0] if args else ():
                self._set([key, value])
        else:
            self._stack.append(Made(called, args))

    def _do_reduce(self, _: None) -> None:
        args, called = self._stack.pop(), self._stack.pop()
        self._make(called, args)

    _do_newobj = _do_reduce

    def _do_newobj_ex(self, _: None) -> None:
        self._stack.pop()
        self._do_reduce(None)

    def _do_inst(self, argument: str) -> None:
        args = tuple(self._since_mark())
        self._do_global(argument)
        self._make(self._stack.pop(), args)

    def _do_obj(self, _: None) -> None:
        called, *args = self._since_mark()
        self._make(called, tuple(args))

    def _do_build(self, _: None) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Made):
            target.state = state
        elif not isinstance(target, dict):
            # An OrderedDict may have attributes, which say nothing; a name or a number has no state.
            raise _RefusedError("sets the state of something that has none")

    def _do_persid(self, key: Any) -> None:
        if not self._stored:
            raise _RefusedError("refers to something outside itself, which has no place in such a file")
        self._stack.append(Stored(key))

    def _do_binpersid(self, _: None) -> None:
        self._do_persid(self._stack.pop())


def _python2_text(stream: io.BytesIO) -> str:
    line = stream.readline()
    if len(line) < 3 or line[-1:] != b"\n" or line[0] not in b"'\"" or line[-2] != line[0]:
        raise ValueError("a text without an end")
    return line[1:-2].decode("unicode_escape")
