"""Pictures that are crops of faces already: what the networks see of them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from affectflow.face.emoca.crop import CROP_PX


def whole_picture(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch a picture to the networks' size, as facial_features_3d does without detection.

    Bilinear, corner pixels onto corner pixels. A picture of 224 × 224 pixels is
    left as it is; of others the reference keeps fractions of a level.

    Parameters
    ----------
    rgb
        (h, w, 3) uint8.

    Returns
    -------
    (224, 224, 3) uint8.
    """
    if rgb.shape[:2] == (CROP_PX, CROP_PX):
        return rgb
    x_1chw = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float()
    made = torch.nn.functional.interpolate(x_1chw, size=CROP_PX, mode="bilinear", align_corners=True)
    return made[0].permute(1, 2, 0).round().to(torch.uint8).contiguous().numpy()
