# syntax=docker/dockerfile:1
# The MLflow server of exactly the version that the clients have, with the driver of PostgreSQL.
# Built from the root of the repository:
#
#   docker build --file k8s/images/mlflow.Dockerfile --tag wherefore-mlflow:0.1.0 .

FROM python:3.11-slim-bookworm AS build
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1
SHELL ["/bin/sh", "-eu", "-c"]
WORKDIR /build
RUN python -m venv /opt/mlflow
ENV PATH="/opt/mlflow/bin:$PATH"
COPY configs/constraints.txt configs/constraints.txt
# The versions are those of the constraints.
# hadolint ignore=DL3013,DL3042
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/var/cache/pip \
    pip install --constraint configs/constraints.txt pip && \
    pip install --constraint configs/constraints.txt mlflow 'psycopg[binary]'

FROM python:3.11-slim-bookworm
COPY --from=build /opt/mlflow /opt/mlflow
ENV PATH="/opt/mlflow/bin:$PATH" \
    HOME=/tmp \
    MLFLOW_DISABLE_TELEMETRY=true \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN install --directory --owner 10001 --group 10001 /mlflow/artifacts
USER 10001:10001
WORKDIR /tmp
EXPOSE 5000
ENTRYPOINT ["mlflow"]
CMD ["server", "--host=0.0.0.0"]
