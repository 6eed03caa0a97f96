"""What finds the triangle behind each pixel, one file each.

To add one: a file with a class derived from `base.Rasteriser` and a line in
`RASTERISERS`; the contract tests (`tests/contracts/test_rasterisers.py`) run
over all of them. The name is what `viz.vis_renderer` in the configuration says.
"""

RASTERISERS: dict[str, str] = {
    "open3d": "affectflow.viz.rasterisers.open3d:Open3dRasteriser",
    "pytorch3d": "affectflow.viz.rasterisers.pytorch3d:Pytorch3dRasteriser",
}
