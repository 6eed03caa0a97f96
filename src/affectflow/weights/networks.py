"""Names and shapes of layers, of a ResNet-50, and of the networks in an EMOCA checkpoint (Daněček et al. 2022; Feng et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator

Shapes = dict[str, tuple[int, ...]]

# Outputs of each encoder.
ENCODERS = {"E_flame": 236, "E_expression": 50, "E_detail": 128}
# Width of the 3 × 3 convolution and blocks, of the four layers of a ResNet-50.
LAYERS = ((64, 3), (128, 4), (256, 6), (512, 3))
# Number in the name of each convolution of the decoder's up-sampling → channels in, out.
DETAIL_CONVOLUTIONS = {2: (128, 128), 6: (128, 64), 10: (64, 64), 14: (64, 32), 18: (32, 16)}


def encoder_shapes(n_outputs: int) -> Shapes:
    """Return name → shape of one encoder: a ResNet-50 and two linear layers, 322 tensors."""
    return {
        **resnet50_shapes("encoder."),
        "layers.0.weight": (1024, 2048),
        "layers.0.bias": (1024,),
        "layers.2.weight": (n_outputs, 1024),
        "layers.2.bias": (n_outputs,),
    }


def resnet50_shapes(prefix: str = "") -> Shapes:
    """Return name → shape of a ResNet-50 without its last layer, 318 tensors; torchvision's names without a prefix."""
    return {
        f"{prefix}conv1.weight": (64, 3, 7, 7),
        **batch_norm_shapes(f"{prefix}bn1", 64),
        **dict(_blocks(prefix)),
    }


def detail_decoder_shapes() -> Shapes:
    """Return name → shape of the decoder of wrinkles (D_detail), 44 tensors."""
    shapes: Shapes = {
        "l1.0.weight": (8192, 181),
        "l1.0.bias": (8192,),
        **batch_norm_shapes("conv_blocks.0", 128),
    }
    for number, (n_in, n_out) in DETAIL_CONVOLUTIONS.items():
        shapes |= {
            f"conv_blocks.{number}.weight": (n_out, n_in, 3, 3),
            f"conv_blocks.{number}.bias": (n_out,),
        }
        shapes |= batch_norm_shapes(f"conv_blocks.{number + 1}", n_out)
    return shapes | {"conv_blocks.21.weight": (1, 16, 3, 3), "conv_blocks.21.bias": (1,)}


def batch_norm_shapes(name: str, width: int) -> Shapes:
    """Return name → shape of the five tensors of a batch norm."""
    parts = {f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {**parts, f"{name}.num_batches_tracked": ()}


def with_bias(name: str, shape: tuple[int, ...]) -> Shapes:
    """Return name → shape of a convolution or linear layer whose weight has this shape, and of its bias."""
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _blocks(prefix: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    n_in = 64
    for layer, (width, n_blocks) in enumerate(LAYERS, start=1):
        n_out = 4 * width
        for block in range(n_blocks):
            name = f"{prefix}layer{layer}.{block}"
            convolutions = {
                1: (width, n_in, 1, 1),
                2: (width, width, 3, 3),
                3: (n_out, width, 1, 1),
            }
            for i, shape in convolutions.items():
                yield f"{name}.conv{i}.weight", shape
                yield from batch_norm_shapes(f"{name}.bn{i}", shape[0]).items()
            if block == 0:
                yield f"{name}.downsample.0.weight", (n_out, n_in, 1, 1)
                yield from batch_norm_shapes(f"{name}.downsample.1", n_out).items()
            n_in = n_out
