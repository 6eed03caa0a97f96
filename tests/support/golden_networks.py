"""The three encoders and the detail decoder of the golden vectors: names, shapes and pseudo-weights.

Names and shapes are listed from the facts in `shared/reference/emoca.md`, not
taken from our networks, so that a test which loads them also checks the names.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tests.support.golden_emoca import pseudo_weight

ENCODERS = {"E_flame": 236, "E_expression": 50, "E_detail": 128}
# Width of the 3 × 3 convolution, number of blocks, input channels of the first block.
LAYERS = ((64, 3, 64), (128, 4, 256), (256, 6, 512), (512, 3, 1024))


def batch_norm_shapes(name: str, n: int) -> dict[str, tuple[int, ...]]:
    """The five tensors of a batch norm."""
    per_channel = ("weight", "bias", "running_mean", "running_var")
    return {**{f"{name}.{last}": (n,) for last in per_channel}, f"{name}.num_batches_tracked": ()}


def encoder_shapes(encoder: str, n_outputs: int) -> dict[str, tuple[int, ...]]:
    """Every tensor of one encoder, 322 names."""
    shapes: dict[str, tuple[int, ...]] = {"encoder.conv1.weight": (64, 3, 7, 7)}
    shapes |= batch_norm_shapes("encoder.bn1", 64)
    for index, (width, n_blocks, n_first) in enumerate(LAYERS, start=1):
        for block in range(n_blocks):
            name = f"encoder.layer{index}.{block}"
            n_in = n_first if block == 0 else 4 * width
            shapes[f"{name}.conv1.weight"] = (width, n_in, 1, 1)
            shapes[f"{name}.conv2.weight"] = (width, width, 3, 3)
            shapes[f"{name}.conv3.weight"] = (4 * width, width, 1, 1)
            for number, n in ((1, width), (2, width), (3, 4 * width)):
                shapes |= batch_norm_shapes(f"{name}.bn{number}", n)
            if block == 0:
                shapes[f"{name}.downsample.0.weight"] = (4 * width, n_in, 1, 1)
                shapes |= batch_norm_shapes(f"{name}.downsample.1", 4 * width)
    shapes |= {"layers.0.weight": (1024, 2048), "layers.0.bias": (1024,)}
    shapes |= {"layers.2.weight": (n_outputs, 1024), "layers.2.bias": (n_outputs,)}
    return {f"{encoder}.{name}": shape for name, shape in shapes.items()}


def decoder_shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor of the detail decoder, 44 names."""
    shapes: dict[str, tuple[int, ...]] = {"l1.0.weight": (8192, 181), "l1.0.bias": (8192,)}
    shapes |= batch_norm_shapes("conv_blocks.0", 128)
    for place, n_in, n_out in ((2, 128, 128), (6, 128, 64), (10, 64, 64), (14, 64, 32), (18, 32, 16)):
        shapes |= {f"conv_blocks.{place}.weight": (n_out, n_in, 3, 3), f"conv_blocks.{place}.bias": (n_out,)}
        shapes |= batch_norm_shapes(f"conv_blocks.{place + 1}", n_out)
    shapes |= {"conv_blocks.21.weight": (1, 16, 3, 3), "conv_blocks.21.bias": (1,)}
    return {f"D_detail.{name}": shape for name, shape in shapes.items()}


@lru_cache(maxsize=4)
def pseudo_network(network: str) -> dict[str, np.ndarray]:
    """The pseudo-weights of E_flame, E_expression, E_detail or D_detail, without the leading `deca.`."""
    shapes = decoder_shapes() if network == "D_detail" else encoder_shapes(network, ENCODERS[network])
    return {name: pseudo_weight(f"deca.{name}", shape) for name, shape in shapes.items()}
