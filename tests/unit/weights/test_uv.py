"""The flattened surface: read as written, refused when it is another's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.weights.uv import read_displacement, read_mask, read_surface
from tests.support.synth_emoca import write_surface, write_uv_pictures
from tests.support.synth_flame import synth_head, synth_uv


@pytest.fixture
def surface(tmp_path):
    write_surface(tmp_path / "head_template.obj")
    return tmp_path / "head_template.obj"


TRIANGLES = synth_head()["f"].astype(np.int64)


def test_the_surface_comes_back(surface):
    made = read_surface(surface, TRIANGLES)
    np.testing.assert_allclose(made["uv.coordinates"], synth_uv()["uv.coordinates"], atol=1e-6)
    np.testing.assert_array_equal(made["uv.triangles"], synth_uv()["uv.triangles"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("f 1/1 ", "f 1/99999 ", "point outside"),
        ("\nvt 0.", "\nvt 5.", "point outside"),
        ("\nvt 0.", "\nvt x.", "cannot be read"),
        ("\nv ", "\n# ", "has 5022 vertices"),
        ("\nf ", "\n# ", "9975 triangles"),
        ("\nf ", "\nf 1/1 ", "cannot be read|triangles with coordinates"),
    ],
)
def test_another_file_is_one_line(surface, old, new, says):
    text = surface.read_text()
    first = f"{TRIANGLES[0, 0] + 1}/{synth_uv()['uv.triangles'][0, 0] + 1} "
    old = f"f {first}" if old == "f 1/1 " else old
    new = f"f {first.split('/')[0]}/99999 " if new == "f 1/99999 " else new
    assert old in text
    surface.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=says) as error:
        read_surface(surface, TRIANGLES)
    assert "\n" not in str(error.value)


def test_triangles_of_another_head(surface):
    with pytest.raises(InputError, match="not those of the head model"):
        read_surface(surface, TRIANGLES[::-1])


def test_the_pictures_come_back(tmp_path):
    write_uv_pictures(tmp_path / "d.npy", tmp_path / "m.png")
    np.testing.assert_array_equal(read_displacement(tmp_path / "d.npy"), synth_uv()["uv.fixed_displacement"])
    mask = read_mask(tmp_path / "m.png")
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, synth_uv()["uv.face_eye_mask"], atol=0.5 / 255 + 1e-6)


def test_other_pictures_are_one_line(tmp_path):
    np.save(tmp_path / "d.npy", np.zeros((8, 8)))
    (tmp_path / "m.png").write_bytes(b"no picture")
    wide = bytearray(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    wide[16:20] = (2**30).to_bytes(4, "big")
    (tmp_path / "w.png").write_bytes(bytes(wide))
    for read, name, says in (
        (read_displacement, "d.npy", r"shape \(8, 8\)"),
        (read_mask, "m.png", "PNG picture"),
        (read_mask, "w.png", "PNG picture"),
    ):
        with pytest.raises(InputError, match=says):
            read(tmp_path / name)
