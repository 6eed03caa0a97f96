# affectflow on the CPU, from the same pins as `make env`. Build from the top of the checkout:
#   docker build -f containers/cpu.Dockerfile -t affectflow:cpu .
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    NUMBA_CACHE_DIR=/tmp/numba \
    XDG_CACHE_HOME=/tmp/cache

WORKDIR /opt/affectflow

# The list of system libraries has one home.
COPY tools/system_packages.sh tools/
RUN sh tools/system_packages.sh && rm -rf /var/lib/apt/lists/*

COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY src src
# The CPU build of torch: the one on PyPI carries gigabytes of CUDA.
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu -c constraints.txt '.[slurm]' && pip check

COPY Snakefile ./
COPY rules rules
COPY workflow workflow
COPY config config
COPY profiles profiles
COPY envs envs

# Results and resources are mounted here:
#   docker run --rm -v "$PWD/results:/opt/affectflow/results" -v "$PWD/resources:/opt/affectflow/resources" \
#     affectflow:cpu snakemake --cores 4 --resources gpu=0
CMD ["snakemake", "--cores", "all", "--resources", "gpu=0"]
