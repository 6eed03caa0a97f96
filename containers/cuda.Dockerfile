# affectflow with CUDA, from the same pins as `make env`. The host needs an NVIDIA driver and the NVIDIA container
# toolkit; the CUDA libraries come with torch. Build from the top of the checkout:
#   docker build -f containers/cuda.Dockerfile -t affectflow:cuda .
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    NUMBA_CACHE_DIR=/tmp/numba \
    XDG_CACHE_HOME=/tmp/cache \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

WORKDIR /opt/affectflow

# The list of system libraries has one home.
COPY tools/system_packages.sh tools/
RUN sh tools/system_packages.sh && rm -rf /var/lib/apt/lists/*

COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY src src
# torch from PyPI is the CUDA build.
RUN pip install -c constraints.txt '.[slurm]' && pip check

COPY Snakefile ./
COPY rules rules
COPY workflow workflow
COPY config config
COPY profiles profiles
COPY envs envs

#   docker run --rm --gpus 1 -v "$PWD/results:/opt/affectflow/results" -v "$PWD/resources:/opt/affectflow/resources" \
#     affectflow:cuda snakemake --cores 8 --resources gpu=1
CMD ["snakemake", "--cores", "all", "--resources", "gpu=1"]
