"""Pictures of codes in the workflow: who is drawn, what the codes then hold, what cannot be drawn."""

from __future__ import annotations

import polars as pl
import pytest
from PIL import Image

from affectflow.viz.code_painter import KINDS, PLAIN_KINDS
from tests.support.study import simulated_rows

WIDTHS = {"shape": 100, "tex": 50, "cam": 3, "light": 27}
SAVE_VIS = {"save": "vis", "vis_frames": 2}


def with_files_of_weights(study):
    """Something where the weights are looked for: a dry run reads nothing."""
    for name in ("emoca.safetensors", "emoca.manifest.json"):
        path = study.folder / "resources" / "models" / "emoca" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return study


def test_every_recording_is_drawn_when_asked_for(new_study):
    rows = simulated_rows(["S01"])
    study = with_files_of_weights(new_study(rows, face={"backend": "emoca", "codes": SAVE_VIS}))
    assert study.planned()["render_vis"] == 2
    study.write_config(face={"backend": "emoca"})
    assert "render_vis" not in study.planned()


def test_a_backend_that_cannot_draw_is_refused(new_study):
    result = new_study(simulated_rows(["S01"]), face={"codes": SAVE_VIS}).snakemake("-n")
    assert result.returncode == 2
    assert "face.codes.save: vis: backend facemesh cannot draw its codes (emoca can)" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("with_detail", [True, False], ids=["detail", "coarse"])
def test_from_video_to_pictures(with_detail, new_study):
    """Codes hold all that pictures need without being asked; the pictures are there, and stay as they are.

    A coarse checkpoint has no detail: its pictures are those without wrinkles.
    """
    from tests.support.synth_emoca import write_official_installation

    study = new_study(
        simulated_rows(["S01"], ("baseline",)),
        device="cpu",
        face={"backend": "emoca", "codes": SAVE_VIS},
        datasets={"simulated": {"duration_s": 2, "fps": 8, "width_px": 320, "height_px": 240}},
    )
    write_official_installation(study.folder / "resources" / "models" / "emoca", with_detail=with_detail)
    folder = study.results / "videos" / "vis" / "S01_baseline"
    target = str(folder.relative_to(study.folder))
    result = study.snakemake(target)
    assert result.returncode == 0, result.stdout + result.stderr
    codes = pl.read_parquet(study.results / "codes" / "emoca" / "S01_baseline.parquet")
    for name, width in {**WIDTHS, "detail": 128 if with_detail else 0}.items():
        assert sum(c.startswith(f"{name}_") for c in codes.columns) == width
    names = {path.name for path in folder.glob("*.png")}
    kinds = KINDS if with_detail else PLAIN_KINDS
    drawn = {name[:6] for name in names - {"vis.png"}}
    assert len(drawn) == 2
    assert names == {f"{frame}_{kind}.png" for frame in drawn for kind in kinds} | {"vis.png"}
    with Image.open(folder / "vis.png") as page:
        assert page.width > 1000
    assert study.planned(target) == {}
