"""The networks as one kind of thing: clips of pictures, and perhaps the pulse, in; the course of a signal out.

Axes: b = clip, t = picture, h, w = rows and columns, c = colour.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from affectflow.eda.inputs import LEAST_SUM
from affectflow.eda.networks.cnn_lstm import CnnLstm
from affectflow.eda.networks.deepphys import DeepPhys
from affectflow.eda.networks.physnet import LEAST_PX as PHYSNET_PX
from affectflow.eda.networks.physnet import TIME_STEPS, PhysNet
from affectflow.eda.networks.separable_physnet import LEAST_PX as SEPARABLE_PX
from affectflow.eda.networks.separable_physnet import SeparablePhysNet
from affectflow.errors import ConfigError

# Pictures of a run in TS-CAN: the largest number up to this that divides a clip.
LONGEST_RUN = 10
HALF = 127.5


class ClipNetwork(nn.Module, ABC):
    """A network with what turns clips into its own input; `inner` has the tensors that checkpoints hold.

    Parameters
    ----------
    inner
        The network; `inner.LOOKED_AT` names the layer whose maps say where it looks (`explain_eda`).
    pulse
        Whether it reads the pulse wave.
    """

    # Whether what follows the layer's maps reads every place by itself, instead of the mean of all places.
    reads_places = False

    def __init__(self, inner: nn.Module, *, pulse: bool = False) -> None:
        super().__init__()
        self.inner, self.pulse = inner, pulse

    @property
    def looked_at(self) -> nn.Module:
        """The layer whose maps say where the network looks: (b, c, t', h', w') or (b t, c, h', w')."""
        return self.inner.get_submodule(str(self.inner.LOOKED_AT))

    @abstractmethod
    def forward(self, x_bthwc: Tensor, pulse_bt: Tensor | None = None) -> Tensor:
        """Return the course, (b, t)."""


class SpaceTime(ClipNetwork):
    """Networks over space and time at once: (b, c, t, h, w) in -1..1, channels last in memory."""

    def __init__(self, inner: nn.Module, *, pulse: bool = False) -> None:
        super().__init__(inner, pulse=pulse)
        for parameter in inner.parameters():
            if parameter.dim() == 5:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)

    def forward(self, x_bthwc: Tensor, pulse_bt: Tensor | None = None) -> Tensor:
        """Return the course, (b, t)."""
        # Turned, not copied: the channels stay last in memory.
        clip_bcthw = x_bthwc.div(HALF).sub_(1).permute(0, 4, 1, 2, 3)
        if pulse_bt is None:
            return self.inner(clip_bcthw)
        beside = pulse_bt[:, None] if isinstance(self.inner, PhysNet) else pulse_bt
        return self.inner(clip_bcthw, beside)


class PictureByPicture(ClipNetwork):
    """Networks that look at each picture and remember: (b, t, c, h, w) in -1..1."""

    def forward(self, x_bthwc: Tensor, pulse_bt: Tensor | None = None) -> Tensor:
        """Return the course, (b, t)."""
        return self.inner(x_bthwc.div(HALF).sub_(1).permute(0, 1, 4, 2, 3), pulse_bt)


class MotionAndLooks(ClipNetwork):
    """Networks of two branches: how each picture changes, of raw intensities, and the picture, both by the clip's spread."""

    reads_places = True

    def forward(self, x_bthwc: Tensor, pulse_bt: Tensor | None = None) -> Tensor:
        """Return the course, (b, t)."""
        both = torch.cat([differences(x_bthwc), standard(x_bthwc)], dim=4)
        return self.inner(both.flatten(0, 1).permute(0, 3, 1, 2).contiguous()).reshape(both.shape[:2])


def differences(x_bthwc: Tensor) -> Tensor:
    """`inputs.difference_normalised` of each clip."""
    change = (x_bthwc[:, 1:] - x_bthwc[:, :-1]) / (x_bthwc[:, 1:] + x_bthwc[:, :-1] + LEAST_SUM)
    spread = change.std(dim=(1, 2, 3, 4), keepdim=True, correction=0)
    return torch.cat([_over(change, spread), torch.zeros_like(x_bthwc[:, :1])], dim=1)


def standard(x_bthwc: Tensor) -> Tensor:
    """`inputs.standardised` of each clip."""
    every = (1, 2, 3, 4)
    spread = x_bthwc.std(dim=every, keepdim=True, correction=0)
    return _over(x_bthwc - x_bthwc.mean(dim=every, keepdim=True), spread)


def _over(x: Tensor, spread: Tensor) -> Tensor:
    return torch.where(spread > 0, x / spread.clamp_min(torch.finfo(x.dtype).tiny), torch.zeros_like(x))


def physnet(*, size_px: int, length: int, pulse: bool = False) -> ClipNetwork:
    """PhysNet, from a clip to a course; see `networks.physnet`."""
    _check(size_px, PHYSNET_PX, length, TIME_STEPS, "physnet")
    return SpaceTime(PhysNet(n_beside=int(pulse)), pulse=pulse)


def physnet_bvp(*, size_px: int, length: int) -> ClipNetwork:
    """PhysNet with the pulse before its last layer."""
    return physnet(size_px=size_px, length=length, pulse=True)


def separable_physnet(*, size_px: int, length: int, pulse: bool = False) -> ClipNetwork:
    """PhysNet over space and time in turn; see `networks.separable_physnet`."""
    _check(size_px, SEPARABLE_PX, length, 1, "separable_physnet")
    return SpaceTime(SeparablePhysNet(pulse=pulse), pulse=pulse)


def separable_physnet_bvp(*, size_px: int, length: int) -> ClipNetwork:
    """The same with the pulse, as in the research code this project started from."""
    return separable_physnet(size_px=size_px, length=length, pulse=True)


def cnn_lstm(*, size_px: int, length: int, pulse: bool = False) -> ClipNetwork:
    """Convolutions for each picture, then a memory; see `networks.cnn_lstm`."""
    return PictureByPicture(CnnLstm(pulse=pulse), pulse=pulse)


def cnn_lstm_bvp(*, size_px: int, length: int) -> ClipNetwork:
    """The same with the pulse."""
    return cnn_lstm(size_px=size_px, length=length, pulse=True)


def deepphys(*, size_px: int, length: int) -> ClipNetwork:
    """DeepPhys; see `networks.deepphys`."""
    return MotionAndLooks(DeepPhys(size_px))


def tscan(*, size_px: int, length: int) -> ClipNetwork:
    """TS-CAN, in runs of up to 10 pictures that divide a clip."""
    depth = max(n for n in range(1, LONGEST_RUN + 1) if length % n == 0)
    return MotionAndLooks(DeepPhys(size_px, frame_depth=depth))


def _check(size_px: int, least_px: int, length: int, steps: int, name: str) -> None:
    if size_px < least_px:
        raise ConfigError(
            f"eda.crops.size_px: {size_px}: {name} needs at least {least_px} pixels. Raise it, or take another model."
        )
    if length % steps:
        raise ConfigError(f"eda.clips.length: {length}: {name} needs a multiple of {steps}.")
