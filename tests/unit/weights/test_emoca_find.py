"""Official files are found wherever they were unpacked, and the right ones are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from affectflow.errors import InputError
from affectflow.weights.emoca_find import best_checkpoint, check_configuration, find_emoca
from tests.support import synth_emoca
from tests.support.synth_emoca import write_configuration

OFFICIAL = (
    synth_emoca.CHECKPOINT,
    f"{synth_emoca.MODEL}/cfg.yaml",
    synth_emoca.HEAD_MODEL,
    synth_emoca.LANDMARKS68,
    synth_emoca.LANDMARKS105,
    synth_emoca.SURFACE,
    synth_emoca.DISPLACEMENT,
    synth_emoca.MASK,
)


def place(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("above", ["", "assets/", "a/b/c/"])
def test_the_official_tree_in_any_nesting(above, tmp_path):
    place(tmp_path, *(above + name for name in OFFICIAL))
    found = find_emoca(tmp_path)
    assert {str(p.relative_to(tmp_path)) for p in found.files.values()} == {above + name for name in OFFICIAL}
    assert found.notes == ()
    assert found.refused == {}


def test_flat(tmp_path):
    place(tmp_path, *(Path(name).name for name in OFFICIAL))
    found = find_emoca(tmp_path)
    assert len(found.files) == len(OFFICIAL)
    assert found.files["checkpoint"].name == "dataloader_idx_0=3.25521111.ckpt"


def test_the_half_flat_checkpoint_that_zips_leave(tmp_path):
    place(tmp_path, "cfg.yaml", "deca-epoch=10-val_loss/dataloader_idx_0=3.2.ckpt")
    assert set(find_emoca(tmp_path).files) == {"checkpoint", "configuration"}


def test_nothing_and_no_folder(tmp_path):
    assert find_emoca(tmp_path).files == {}
    assert find_emoca(tmp_path / "absent").files == {}


def test_the_renamed_head_model_and_capitals(tmp_path):
    place(tmp_path, "FLAME_NEUTRAL.pkl", "Landmark_Embedding.npy")
    assert set(find_emoca(tmp_path).files) == {"head model", "68 landmarks"}
    place(tmp_path, "sub/generic_model.pkl")
    found = find_emoca(tmp_path)
    assert found.files["head model"].name == "generic_model.pkl"
    assert "2 files fit" in found.notes[0]


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["a=3.9.ckpt", "a=3.2.ckpt", "last.ckpt"], "a=3.2.ckpt"),
        (["a=10.5.ckpt", "a=9.5.ckpt"], "a=9.5.ckpt"),
        (["epoch=1-loss=2.0-v1.ckpt", "epoch=0-loss=3.0.ckpt"], "epoch=1-loss=2.0-v1.ckpt"),
        (["a=-0.5.ckpt", "a=0.1.ckpt"], "a=-0.5.ckpt"),
        (["named.ckpt", "a=7.ckpt"], "a=7.ckpt"),
        (["a=nan.ckpt", "a=7.ckpt"], "a=7.ckpt"),
        (["coarse/a=1.ckpt", "detail/a=5.ckpt"], "detail/a=5.ckpt"),
    ],
)
def test_the_best_checkpoint(names, best, tmp_path):
    place(tmp_path, *names)
    assert find_emoca(tmp_path).files["checkpoint"] == tmp_path / best
    kept = [tmp_path / n for n in names if n != "last.ckpt"]
    assert best_checkpoint(kept) == best_checkpoint(kept[::-1]) == tmp_path / best


def test_of_several_models_the_authors_choice(tmp_path):
    place(
        tmp_path, "models/EMOCA_v2_mp/detail/checkpoints/a=1.ckpt", "models/EMOCA_v2_mp/cfg.yaml", *OFFICIAL
    )
    found = find_emoca(tmp_path)
    assert found.files["checkpoint"] == tmp_path / synth_emoca.CHECKPOINT
    assert found.files["configuration"] == tmp_path / synth_emoca.MODEL / "cfg.yaml"
    assert "2 models lie here" in found.notes[0]


def test_of_several_others_none(tmp_path):
    place(tmp_path, "EMOCA/detail/checkpoints/a=1.ckpt", "EMOCA_v2_mp/detail/checkpoints/a=2.ckpt")
    found = find_emoca(tmp_path)
    assert "checkpoint" not in found.files
    assert "EMOCA, EMOCA_v2_mp" in found.refused["checkpoint"]


def test_flame_2023_is_told_from_2020(tmp_path):
    place(tmp_path, "flame2023_Open.pkl")
    assert "another expression space" in find_emoca(tmp_path).refused["head model"]
    place(tmp_path, "generic_model.pkl")
    assert find_emoca(tmp_path).refused == {}


def test_a_fitting_configuration_has_no_notes(tmp_path):
    write_configuration(tmp_path / "cfg.yaml")
    assert check_configuration(tmp_path / "cfg.yaml") == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"n_exp": 100}, "n_exp is 100"),
        ({"exp_deca_jaw_pose": True}, "exp_deca_jaw_pose is True"),
        ({"expression_backbone": "emonet"}, "'emonet'"),
        ({"image_size": 512}, "image_size is 512"),
        ({"deca_class": "DECA"}, "no expression network"),
    ],
)
def test_a_configuration_of_other_networks(changes, says, tmp_path):
    write_configuration(tmp_path / "cfg.yaml", **changes)
    with pytest.raises(InputError, match=says) as error:
        check_configuration(tmp_path / "cfg.yaml")
    assert "\n" not in str(error.value)


def test_an_unknown_class_is_noted(tmp_path):
    write_configuration(tmp_path / "cfg.yaml", deca_class="EMICA")
    assert "EMICA" in check_configuration(tmp_path / "cfg.yaml")[0]


@pytest.mark.parametrize(
    "text", ["a: [", "!!python/object/apply:os.system ['true']", "\x00", "a: &x [*x]", "- " * 5000 + "a"]
)
def test_yaml_that_is_none_or_wants_more(text, tmp_path):
    (tmp_path / "cfg.yaml").write_text(text)
    try:
        assert "was not compared" in check_configuration(tmp_path / "cfg.yaml")[0]
    except InputError as error:
        said = str(error)
        assert "\n" not in said
        assert "cannot be read as YAML" in said


def test_links_to_nothing_are_no_files(tmp_path):
    (tmp_path / "loss=1.ckpt").symlink_to(tmp_path / "gone.ckpt")
    (tmp_path / "generic_model.pkl").mkdir()
    assert find_emoca(tmp_path).files == {}


def test_links_to_folders_are_followed(tmp_path):
    """A large disk holds the downloads, and links lead to them."""
    place(tmp_path / "big", *OFFICIAL)
    folder = tmp_path / "study" / "emoca"
    folder.mkdir(parents=True)
    for name in ("EMOCA", "FLAME"):
        (folder / name).symlink_to(tmp_path / "big" / name)
    found = find_emoca(folder)
    assert {str(p.relative_to(folder)) for p in found.files.values()} == set(OFFICIAL)
    (tmp_path / "linked").symlink_to(folder)
    assert len(find_emoca(tmp_path / "linked").files) == len(OFFICIAL)


def test_links_that_go_round_or_lead_out_to_a_parent_end(tmp_path):
    folder = tmp_path / "study" / "emoca"
    place(folder, *OFFICIAL)
    place(tmp_path / "study", "other/loss=0.ckpt")
    (folder / "a").symlink_to(folder)
    (folder / "FLAME" / "up").symlink_to(tmp_path / "study")
    (folder / "root").symlink_to("/")
    (folder / "again").symlink_to(folder / "FLAME")
    (folder / "itself").symlink_to(folder / "itself")
    found = find_emoca(folder)
    assert {str(p.relative_to(folder)) for p in found.files.values()} == set(OFFICIAL)
    assert found.notes == ()


def test_what_lies_there_but_is_not_taken_is_told(tmp_path):
    place(
        tmp_path,
        "EMOCA_v2_lr_mse_20.zip",
        "x/detail/checkpoints/last.ckpt",
        "sub/FLAME2020.zip",
        "readme.txt",
    )
    found = find_emoca(tmp_path)
    assert found.files == {}
    assert [why.split()[0] for why in found.unused] == [
        "EMOCA_v2_lr_mse_20.zip",
        "sub/FLAME2020.zip",
        "x/detail/checkpoints/last.ckpt",
    ]
    assert found.unused[0].endswith("unpack it.")
    assert "loss in its name" in found.unused[2]
