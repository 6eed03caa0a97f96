"""The template as a picture: regions where they are on a face, every pixel in one."""

from __future__ import annotations

import numpy as np

from affectflow.face.anatomy import MOUTH_CORNER
from affectflow.face.template_picture import REGIONS, SIZE_PX, region_masks, template_points


def test_every_pixel_is_in_one_region_and_the_face_is_alike_on_both_sides():
    masks = np.stack(region_masks())
    assert masks.shape == (len(REGIONS), SIZE_PX, SIZE_PX)
    assert (masks.sum(axis=0) == 1).all()
    assert all(mask.any() for mask in masks)
    # Polygons are rounded to pixels: an edge may differ by one.
    assert (masks != masks[:, :, ::-1]).mean() < 0.01


def test_regions_are_one_above_the_other():
    rows = {
        name: np.flatnonzero(m.any(axis=1)).mean() for name, m in zip(REGIONS, region_masks(), strict=True)
    }
    assert rows["forehead"] < rows["brows"] < rows["eyes"] < rows["mouth"]
    x, y = np.floor(template_points()[MOUTH_CORNER] + (1, 0)).astype(int)
    assert dict(zip(REGIONS, region_masks(), strict=True))["mouth"][y, x]
    assert 0.3 < region_masks()[-1].mean() < 0.7
