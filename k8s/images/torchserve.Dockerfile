# syntax=docker/dockerfile:1
# TorchServe with what our archive stands on: Java and torch come as packages, CUDA with torch, the
# driver from the node. Built from the root of the repository:
#
#   docker build --file k8s/images/torchserve.Dockerfile --tag wherefore-torchserve:0.1.0 .

FROM python:3.11-slim-bookworm AS build
ARG TORCH="torch==2.13.0"
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1
SHELL ["/bin/sh", "-eu", "-c"]
WORKDIR /build
RUN python -m venv /opt/wherefore
ENV PATH="/opt/wherefore/bin:$PATH"
COPY configs/constraints.txt configs/constraints.txt
# hadolint ignore=DL3013,DL3042,SC2086
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/var/cache/pip \
    pip install --constraint configs/constraints.txt pip && pip install ${TORCH}
COPY pyproject.toml README.md LICENSE ./
COPY data_pipeline data_pipeline
COPY model_store model_store
COPY training training
COPY serving serving
# hadolint ignore=DL3042
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/var/cache/pip \
    pip install --constraint configs/constraints.txt '.[torchserve]'

FROM python:3.11-slim-bookworm
COPY --from=build /opt/wherefore /opt/wherefore
# utility brings nvidia-smi, by which TorchServe counts the GPUs it was given.
ENV PATH="/opt/wherefore/bin:$PATH" \
    HOME=/tmp \
    HF_HUB_OFFLINE=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WHEREFORE_CACHE_DIR=/var/cache/wherefore \
    WHEREFORE_STATE_DIR=/var/lib/wherefore
RUN install --directory --owner 10001 --group 10001 \
    /models /var/cache/wherefore /var/lib/wherefore
USER 10001:10001
WORKDIR /var/lib/wherefore
EXPOSE 8080
ENTRYPOINT ["wherefore"]
CMD ["torchserve"]
