# syntax=docker/dockerfile:1
# The API, the command line and the bundled model. Built from the root of the repository:
#
#   docker build --file k8s/images/api.Dockerfile --tag wherefore-api:0.1.0 .

FROM python:3.11-slim-bookworm AS build
# Which build of torch, as arguments of pip; the CPU build is 2.5 GB smaller (README.md, Start).
ARG TORCH="torch==2.13.0"
# Extras of the package: [ray] for the nodes of k8s/ray.
ARG EXTRAS=""
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1
SHELL ["/bin/sh", "-eu", "-c"]
WORKDIR /build
RUN python -m venv /opt/wherefore
ENV PATH="/opt/wherefore/bin:$PATH"
COPY configs/constraints.txt configs/constraints.txt
# An index with a password comes as a build secret, which no layer keeps:
# docker build --secret id=pip,src=pip.conf
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
    pip install --constraint configs/constraints.txt ".${EXTRAS}"

FROM python:3.11-slim-bookworm
COPY --from=build /opt/wherefore /opt/wherefore
ENV PATH="/opt/wherefore/bin:$PATH" \
    HOME=/tmp \
    HF_HUB_OFFLINE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WHEREFORE_HOST=0.0.0.0 \
    WHEREFORE_CACHE_DIR=/var/cache/wherefore \
    WHEREFORE_STATE_DIR=/var/lib/wherefore
# Everything that is written lies in these two or in /tmp; the rest may be read-only.
RUN install --directory --owner 10001 --group 10001 /var/cache/wherefore /var/lib/wherefore
USER 10001:10001
WORKDIR /var/lib/wherefore
EXPOSE 8000
HEALTHCHECK --start-period=120s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["wherefore"]
CMD ["serve"]
