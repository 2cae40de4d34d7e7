"""The settings of a serving process: one frozen object, read once from the environment.

Every setting is an environment variable `WHEREFORE_<NAME>`. A variable with that prefix that is
no setting is an error, because a misspelled one would otherwise silently do nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model_store.engine.choice import EngineName, PrecisionName
from serving.batching.window_queue import DEFAULT_QUEUED_TOKENS
from serving.errors import SettingsError

ENV_PREFIX = "WHEREFORE_"


class Settings(BaseSettings):
    """What a serving process may be told.

    Attributes: see the description of each field; `settings_table` prints them for the README.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_file=None, frozen=True, extra="forbid", env_ignore_empty=True
    )

    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on; `0.0.0.0` for all."
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    model: str | None = Field(
        None,
        description="Model to serve: a directory, or `models:/NAME@ALIAS` of the MLflow registry "
        "at `MLFLOW_TRACKING_URI`; empty means the bundled starter.",
    )
    cache_dir: Path | None = Field(
        None,
        description="Where models of a registry, and models converted for this machine, are "
        "kept; empty means `wherefore` in the user's cache folder.",
    )
    engine: EngineName = Field(
        "auto",
        description="What computes: `openvino` (CPU), `torch`, or `auto`: torch on a CUDA GPU, "
        "else OpenVINO.",
    )
    precision: PrecisionName = Field(
        "auto",
        description="Number format of the computation: `fp32`, `bf16`, `int8` (after `wherefore "
        "quantize`), or `auto`: int8 where it was made, else bf16 where the processor has it, "
        "else fp32.",
    )
    state_dir: Path = Field(
        Path("var"),
        description="Where the server keeps what must survive a restart (API keys, the cache's "
        "secret).",
    )
    api_key: SecretStr | None = Field(
        None,
        min_length=24,
        description="The one API key to accept, at least 24 characters; empty means the keys in "
        "the state directory, the first of which is made at first start.",
    )
    key_file: Path | None = Field(
        None,
        description="File of API keys to read instead of the state directory's, made elsewhere "
        "with `wherefore keys`; it is followed, and never written.",
    )
    issuer: str = Field(
        "wherefore",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.:/_-]{0,199}$",
        description="Name of this deployment in the tokens that it signs; one with another name, "
        "or for another one, is refused.",
    )
    token_minutes: float = Field(
        10.0, ge=1, le=60, description="How long a token of `POST /api/v1/token` is taken, minutes."
    )
    signing_key_hours: float = Field(
        24.0, ge=1, le=720, description="How long a key signs tokens before a new one does, hours."
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=24,
        description="Token with which Prometheus may read `/metrics` and nothing else, as a bearer "
        "token, at least 24 characters; empty leaves it to keys.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Database of cases, `postgresql://USER:PASSWORD@HOST/NAME` or "
        "`sqlite:///FILE`; empty means `cases.db` in the state directory.",
    )
    monitoring_database_url: SecretStr | None = Field(
        None,
        description="Database of monitoring data (12 CFR 1002.13), of a role that the other "
        "database does not know; empty means `monitoring.db` in the state directory.",
    )
    encryption_keys: SecretStr | None = Field(
        None,
        description="Keys that wrap the data keys of cases: 32 bytes each in base64, separated by "
        "commas, the current one first; empty means `encryption_keys.json` and "
        "`monitoring_keys.json` in the state directory, made at first start.",
    )
    audit_anchor_file: Path | None = Field(
        None,
        description="File to which heads of the audit log are appended, best on another disk; "
        "empty means `audit_anchor.jsonl` in the state directory.",
    )
    policy_file: Path | None = Field(
        None, description="Policy in YAML (risk bands); empty means `configs/policy.yaml`'s."
    )
    max_batch_size: int = Field(
        256, ge=1, le=10_000, description="Most applications in one batch request."
    )
    max_body_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="Largest request body, bytes."
    )
    max_queued_tokens: int = Field(
        DEFAULT_QUEUED_TOKENS,
        ge=1,
        description="Tokens that may wait for the model before 503 is answered; a request is taken "
        "whenever nothing waits.",
    )
    batch_tokens: int | None = Field(
        None,
        ge=64,
        description="Padded tokens that the model reads at a time, halved when memory runs out; "
        "empty means what suits the engine: 256 for each batch of several on a CPU.",
    )
    cache_bytes: int = Field(
        64 * 1024 * 1024,
        ge=0,
        description="Memory for what the model said of texts lately, bytes; 0 keeps nothing.",
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Redis that shares what the model said between servers: `redis://`, "
        "`rediss://` or `unix://`; empty shares nothing.",
    )
    cache_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that names and seals what is cached, at least 32 characters, the same "
        "on all servers that share a Redis; empty means one made in the state directory.",
    )
    cache_ttl_seconds: float = Field(
        86_400.0, gt=0, description="How long Redis keeps an entry, seconds, give or take a tenth."
    )
    backlog_dir: Path | None = Field(
        None,
        description="Where backlogs and their results are kept, in clear; servers may share it. "
        "Empty means `backlogs` in the state directory.",
    )
    backlog_input_dir: Path | None = Field(
        None,
        description="Folder of files that `POST /api/v1/backlogs` may refer to; empty takes "
        "uploads only.",
    )
    backlog_keep_days: float = Field(
        7.0, gt=0, le=3650, description="How long an ended backlog and its result stay, days."
    )
    max_upload_bytes: int = Field(
        1024 * 1024 * 1024, ge=1024, description="Largest upload of a backlog, bytes."
    )
    webhook_hosts: str | None = Field(
        None,
        description="Hosts, or `HOST:PORT`, that webhooks may go to, separated by commas; empty "
        "refuses webhooks.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that signs webhooks (Standard Webhooks), at least 32 characters, or "
        "`whsec_` and base64; empty refuses webhooks.",
    )
    request_timeout_seconds: float = Field(
        60.0, gt=0, le=3600, description="Longest wait for a score before 503 is answered, seconds."
    )
    references_file: Path | None = Field(
        None,
        description="Reference populations that explained answers are compared with, as "
        "`wherefore references` writes them for this model; empty compares with none.",
    )
    max_waiting_explanations: int = Field(
        16, ge=1, le=1000, description="Slow explanations that may wait before 503 is answered."
    )
    explanation_timeout_seconds: float = Field(
        300.0, gt=0, le=86_400, description="Longest time for one slow explanation, seconds."
    )
    explanation_keep_seconds: float = Field(
        900.0, gt=0, le=86_400, description="How long the result of one is kept, seconds."
    )
    shutdown_grace_seconds: int = Field(
        30, ge=0, le=3600, description="Time given to open requests at shutdown, seconds."
    )
    threads: int | None = Field(
        None, ge=1, le=1024, description="CPU threads of one inference; empty means all cores."
    )
    torchserve_url: str | None = Field(
        None,
        description="TorchServe that computes for this server: `http://HOST:PORT`, "
        "`https://HOST:PORT` or `grpc://HOST:PORT`; empty computes in this process.",
    )
    torchserve_key_file: Path | None = Field(
        None,
        description="File with TorchServe's present inference key; empty means "
        "`torchserve/inference_key.json` in the state directory.",
    )
    torchserve_timeout_seconds: float = Field(
        30.0, gt=0, le=3600, description="Longest wait for one answer of TorchServe, seconds."
    )


def load_settings(**given: object) -> Settings:
    """Returns the settings of this process, read from its environment.

    Args:
        given: values that go before the environment (command line options); None is left out.

    Raises:
        SettingsError: a variable with the prefix is no setting, or a value is not accepted.
    """
    _refuse_unknown(os.environ)
    overrides = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(overrides)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "_".join(map(str, first["loc"])).upper()
        raise SettingsError(
            f"the setting {ENV_PREFIX}{name} is not valid: {first['msg']}; see the settings table "
            "in the README"
        ) from error


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    unknown = sorted(
        name for name in environment if name.startswith(ENV_PREFIX) and name not in known
    )
    if unknown:
        raise SettingsError(
            f"the environment variable {unknown[0]} is no setting: expected one of "
            f"{', '.join(sorted(known))}; correct or unset it"
        )


def settings_table() -> str:
    """Returns the settings as a Markdown table: variable, default, meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{ENV_PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)
