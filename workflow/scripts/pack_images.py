"""Put the pictures of one clip into a lossless video."""

from affectflow.io.log import stage
from affectflow.io.pack_images import pack_images

with stage(snakemake):
    pack_images(snakemake.params.images, snakemake.output.video, fps=snakemake.params.fps)
