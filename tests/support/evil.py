"""Pickles that try to run something: a canary file shows whether one did."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from tests.support import pickles
from tests.support.pickles import (
    BUILD,
    EMPTY_DICT,
    EMPTY_TUPLE,
    MARK,
    NEWOBJ,
    REDUCE,
    call,
    group,
    name,
    number,
    text,
)


def _short(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def fragments(canary: Path) -> dict[str, bytes]:
    """What is tried → instructions; each leaves one value. `RUNS` names those that plain pickle carries out."""
    touch = text(f"touch '{canary}'")
    code = text(f"open({str(canary)!r}, 'w').close()")
    get = name("builtins", "getattr")
    imported = call(name("builtins", "__import__"), text("os"))
    dtype = call(name("numpy", "dtype"), text("O8"), number(0), number(1))
    pointer = group(number(1), group(number(1)), dtype, b"\x89", text(b"\x41" * 8))
    empty = call(
        name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), group(number(0)), text("b")
    )
    legacy = pickles.document(call(name("os", "system"), touch))
    legacy = b"B" + len(legacy).to_bytes(4, "little") + legacy
    return {
        "os.system by REDUCE": call(name("os", "system"), touch),
        "posix.system": call(name("posix", "system"), touch),
        "Python 2 eval": call(name("__builtin__", "eval"), code),
        "exec within an OrderedDict": call(
            name("collections", "OrderedDict"),
            b"]" + group(text("k"), call(name("builtins", "exec"), code)) + b"a",
        ),
        "Popen by INST": MARK + b"]" + text("touch") + b"a" + text(str(canary)) + b"aisubprocess\nPopen\n",
        "os.system by OBJ": MARK + name("os", "system") + touch + b"o",
        "Popen by NEWOBJ": name("subprocess", "Popen")
        + group(b"]" + text("true") + b"a")
        + NEWOBJ
        + b"0"
        + call(name("os", "system"), touch),
        "a name made up on the stack": _short("os") + _short("system") + b"\x93" + group(touch) + REDUCE,
        "a name with dots": _short("collections") + _short("abc.sys.modules") + b"\x93",
        "a chain of getattr": call(call(get, imported, text("system")), touch),
        "operator.attrgetter": call(call(name("operator", "attrgetter"), text("system")), imported),
        "functools.partial": call(call(name("functools", "partial"), name("os", "system"), touch)),
        "copyreg._reconstructor of a function": call(
            name("copyreg", "_reconstructor"), name("os", "system"), name("builtins", "object"), b"N"
        ),
        "_reconstructor of a computed class": call(
            name("copyreg", "_reconstructor"),
            call(name("builtins", "type"), text("x")),
            name("builtins", "object"),
            b"N",
        ),
        "BUILD with a __setstate__ of its own": (
            name("collections", "OrderedDict")
            + EMPTY_TUPLE
            + REDUCE
            + EMPTY_DICT
            + text("__setstate__")
            + name("os", "system")
            + b"s"
            + BUILD
            + touch
            + BUILD
        ),
        "BUILD on a class": (
            name("numpy", "ndarray")
            + b"N"
            + EMPTY_DICT
            + text("__reduce__")
            + name("os", "system")
            + b"s\x86"
            + BUILD
        ),
        "_reconstruct of a function": call(
            name("numpy.core.multiarray", "_reconstruct"), name("os", "system"), group(touch), text("b")
        ),
        "numpy's runstring": call(name("numpy.testing._private.utils", "runstring"), code, EMPTY_DICT),
        "numpy.load": call(name("numpy", "load"), text(str(canary))),
        "an array of made-up pointers": empty + pointer + BUILD,
        "a call of what was built": call(call(name("numpy", "dtype"), text("f8")), touch),
        "a reference outside": text(f"../../{canary}") + b"Q",
        "a reference as text": b"P../../etc/passwd\n",
        "the extension registry": b"\x82\x01",
        "pickle in pickle": call(name("pickle", "loads"), legacy),
        "torch.load": call(name("torch.serialization", "load"), text(str(canary))),
        "torch.hub": call(name("torch.hub", "load"), text("a/b"), text("c")),
        "_load_from_bytes of such a pickle": call(name("torch.storage", "_load_from_bytes"), legacy),
        "runpy": call(name("runpy", "run_path"), text(str(canary))),
        "pydoc.pipepager": call(name("pydoc", "pipepager"), text("x"), touch),
        "timeit": call(name("timeit", "timeit"), code, text("pass"), name("time", "time"), number(1)),
        "importlib": call(name("importlib", "import_module"), text("antigravity")),
        "code of affectflow itself": call(
            name("affectflow.io.files", "write_text"), text("x"), text(str(canary))
        ),
        "a class of the main program": call(name("__main__", "anything")),
        "an out-of-band buffer": b"\x97",
    }


RUNS = (
    "os.system by REDUCE",
    "posix.system",
    "Python 2 eval",
    "exec within an OrderedDict",
    "Popen by INST",
    "os.system by OBJ",
    "a chain of getattr",
    "functools.partial",
    "BUILD with a __setstate__ of its own",
    "pickle in pickle",
    "pydoc.pipepager",
    "timeit",
    "code of affectflow itself",
)


def head_model(fragment: bytes, *, deep: bool = False) -> bytes:
    """A FLAME pickle with the fragment as a value, or within a chumpy array of one."""
    value = pickles.python2_object("chumpy.ch", "Ch", {"x": fragment}) if deep else fragment
    return pickles.document(pickles.table({"f": pickles.text("x"), "v_template": value}))


def object_array(fragment: bytes) -> bytes:
    """A .npy file of one object, which is the fragment."""
    dtype = call(name("numpy", "dtype"), text("O8"), number(0), number(1))
    empty = call(
        name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), group(number(0)), text("b")
    )
    state = group(number(1), EMPTY_TUPLE, dtype, b"\x89", b"]" + fragment + b"a")
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    content = pickles.document(empty + state + BUILD)
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


def checkpoint(path: Path, fragment: bytes, *, in_state: bool = False) -> None:
    """A checkpoint in PyTorch's zip form, with the fragment beside the state dict or in it."""
    state = pickles.table({"deca.x": fragment}) if in_state else EMPTY_DICT
    content = pickles.table({"state_dict": state, "callbacks": b"N" if in_state else fragment})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickles.document(content))
        archive.writestr("archive/version", "3\n")


def legacy_tar(path: Path, fragment: bytes) -> None:
    """A checkpoint in PyTorch's oldest form, a tar with pickles (CVE-2025-32434)."""
    with tarfile.open(path, "w") as archive:
        for member in ("sys_info", "pickle", "storages", "tensors"):
            info, content = tarfile.TarInfo(member), pickles.document(fragment)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
