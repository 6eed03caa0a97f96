"""Clips stay within a recording, a stretch and a person; their batches are what lies in the files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.eda.clip_changes import ClipChanges
from affectflow.eda.clips import ClipBatches, common_scale, cut_clips, laid_together, own_scale
from affectflow.eda.split_eda import split_eda
from affectflow.errors import DesignError
from tests.support.eda import recordings

CPU = torch.device("cpu")


def batches(made, clips, **more):
    return ClipBatches(made, clips, length=16, device=CPU, **more)


def spoilt():
    """Recordings with every kind of hole: no picture, nothing measured, no pulse, a jump in time."""
    made = recordings(3)
    made[0].valid[20:23] = False
    made[1].target[40] = np.nan
    made[1].pulse[80] = np.nan
    made[2].time_s[50:] += 3.0
    return made


@pytest.mark.parametrize("pulse", [False, True])
@pytest.mark.parametrize(("length", "stride"), [(16, 16), (16, 5), (8, 3)])
@pytest.mark.parametrize("to_the_end", [False, True])
def test_no_clip_crosses_a_recording_or_a_gap(pulse, length, stride, to_the_end):
    made = spoilt()
    clips = cut_clips(made, length=length, stride=stride, pulse=pulse, to_the_end=to_the_end)
    assert set(clips[:, 0]) == {0, 1, 2}
    for i, first in clips:
        own, recording = slice(first, first + length), made[i]
        assert first >= 0
        assert first + length <= len(recording.time_s)
        assert recording.valid[own].all()
        assert np.isfinite(recording.target[own]).all()
        np.testing.assert_allclose(np.diff(recording.time_s[own]), 0.25)
        assert not pulse or np.isfinite(recording.pulse[own]).all()
    if to_the_end and length == stride:
        covered = {(i, s) for i, first in clips for s in range(first, first + length)}
        assert {s for i, s in covered if i == 2} == set(range(96))
        assert {s for i, s in covered if i == 0} == set(range(20)) | set(range(23, 96))


def test_too_short_a_stretch_has_no_clip():
    made = recordings(1)
    made[0].valid[10::16] = False
    assert cut_clips(made, length=16, stride=1).shape == (0, 2)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(3, 30), each=st.integers(1, 3), folds=st.integers(2, 6), seed=st.integers(0, 999))
def test_no_clip_of_a_person_is_on_two_sides(n, each, folds, seed):
    people = {f"P{p}_{k}": f"P{p}" for p in range(n) for k in range(each)}
    if n < folds or (n, folds) == (3, 2):
        with pytest.raises(DesignError, match=r"Record more people, or set eda\.folds: 3"):
            split_eda(people, n_folds=folds, validation_share=0.25, seed=seed)
        return
    table = split_eda(people, n_folds=folds, validation_share=0.25, seed=seed)
    tested = []
    for _, one in table.group_by("fold", maintain_order=True):
        sides = {role: set(own["subject_id"]) for (role,), own in one.group_by("role")}
        assert set(sides) == {"train", "validation", "test"}
        assert sum(map(len, sides.values())) == n
        assert set().union(*sides.values()) == set(people.values())
        assert one.height == len(people)
        tested += sorted(sides["test"])
    assert sorted(tested) == sorted(set(people.values()))
    # Another order of the sheet changes nobody's role.
    again = split_eda(dict(reversed(people.items())), n_folds=folds, validation_share=0.25, seed=seed)
    assert again.equals(table)


def test_a_batch_is_what_the_file_holds():
    made = spoilt()
    clips = cut_clips(made, length=16, stride=7, pulse=True)
    for workers in (0, 2):
        read = batches(made, clips, pulse=True, workers=workers)
        order = np.random.default_rng(0).permutation(len(clips))
        seen = 0
        for (pictures, pulse), targets in read.run(order, 4):
            for k in range(len(targets)):
                i, first = clips[order[seen]]
                own = slice(first, first + 16)
                np.testing.assert_array_equal(pictures[k].numpy(), made[i].file["crops"][own])
                np.testing.assert_array_equal(pulse[k].numpy(), made[i].pulse[own])
                np.testing.assert_array_equal(targets[k].numpy(), made[i].target[own])
                seen += 1
        assert seen == len(clips)
    assert read.targets_nt.shape == (len(clips), 16)


def test_own_scale_and_the_training_peoples():
    made = recordings(4)
    for recording in map(own_scale, made):
        assert recording.target.mean() == pytest.approx(0, abs=1e-5)
        assert recording.target.std() == pytest.approx(1, abs=1e-5)
        back = recording.target * recording.scale + recording.centre
        np.testing.assert_allclose(back, recording.file["eda"], atol=1e-5)
    centre, scale = common_scale(made[:3])
    together = np.concatenate([r.scaled(centre, scale).target for r in made[:3]])
    assert (together.mean(), together.std()) == pytest.approx((0, 1), abs=1e-5)
    # Nobody else's numbers are looked at.
    made[3].target[:] = 1e6
    assert common_scale(made[:3]) == (centre, scale)
    flat = recordings(1, target="phasic")
    assert np.isnan(own_scale(flat[0]).target).all()
    with pytest.raises(DesignError, match="does not vary"):
        common_scale(flat)


def test_overlapping_clips_are_averaged():
    made = recordings(2, n=24)
    clips = cut_clips(made, length=16, stride=16, to_the_end=True)
    assert clips.tolist() == [[0, 0], [0, 8], [1, 0], [1, 8]]
    values = np.repeat(np.array([[1.0], [3.0], [5.0], [9.0]], np.float32), 16, axis=1)
    first, second = laid_together(values, clips, made)
    np.testing.assert_array_equal(first, [1] * 8 + [2] * 8 + [3] * 8)
    np.testing.assert_array_equal(second, [5] * 8 + [7] * 8 + [9] * 8)
    alone = laid_together(values[:1], clips[:1], made)
    assert np.isnan(alone[0][16:]).all()
    assert np.isnan(alone[1]).all()


def still_clips(n=64):
    one = torch.from_numpy(np.random.default_rng(3).uniform(20, 200, (n, 1, 16, 16, 3)).astype(np.float32))
    return one.expand(n, 6, 16, 16, 3).contiguous()


def test_a_change_is_the_same_in_all_pictures_of_a_clip():
    clips = still_clips()
    made = ClipChanges(noise=0.0).apply(clips, seed=[1, 2])
    np.testing.assert_array_equal(made[:, :1].expand_as(made).numpy(), made.numpy())
    # Different clips are changed differently, and a seed says how.
    alike = still_clips(1).expand(8, 6, 16, 16, 3)
    first = ClipChanges().apply(alike, seed=[1, 2])
    assert len({one.numpy().tobytes() for one in first}) == 8
    np.testing.assert_array_equal(first.numpy(), ClipChanges().apply(alike, seed=[1, 2]).numpy())
    assert not torch.equal(first, ClipChanges().apply(alike, seed=[1, 3]))


def test_each_change_does_what_it_says():
    clips = still_clips()
    nothing = ClipChanges(flip=False, rotation_deg=0, brightness=0, noise=0)
    assert torch.equal(nothing.apply(clips.clone(), seed=[0]), clips)
    flipped = ClipChanges(flip=True, rotation_deg=0, brightness=0, noise=0).apply(clips.clone(), seed=[0])
    mirrored = torch.tensor(
        [bool(torch.allclose(a, b.flip(2), atol=1e-3)) for a, b in zip(flipped, clips, strict=True)]
    )
    same = torch.tensor([bool(torch.allclose(a, b, atol=1e-3)) for a, b in zip(flipped, clips, strict=True)])
    assert (mirrored ^ same).all()
    assert 20 < mirrored.sum() < 44
    light = ClipChanges(flip=False, rotation_deg=0, brightness=0.2, noise=0).apply(clips.clone(), seed=[0])
    factor = (light / clips).amax(dim=(1, 2, 3, 4))
    assert 0.8 <= factor.min() < 0.85
    assert 1.15 < factor.max() <= 1.2 + 1e-5
    noisy = ClipChanges(flip=False, rotation_deg=0, brightness=0, noise=0.02).apply(clips.clone(), seed=[0])
    assert (noisy - clips).std().item() == pytest.approx(0.02 * 255, rel=0.02)
    turned = ClipChanges(flip=False, rotation_deg=10, brightness=0, noise=0).apply(clips.clone(), seed=[0])
    assert (turned - clips).abs().mean() > 3


def test_batches_are_changed_anew_in_every_epoch_and_alike_from_a_seed():
    made = recordings(1)
    read = batches(made, cut_clips(made, length=16, stride=8), changes=ClipChanges())

    def epoch(seed):
        torch.manual_seed(seed)
        return torch.cat([inputs[0] for inputs, _ in read.run(np.arange(len(read)), 4)])

    assert torch.equal(epoch(1), epoch(1))
    assert not torch.equal(epoch(1), epoch(2))
