"""The settings of a serving process: one frozen object, read once from the environment.

Every setting is an environment variable `WHEREFORE_<NAME>`. A variable with that prefix that is
no setting is an error, because a misspelled one would otherwise silently do nothing.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from model_store.engine.choice import EngineName, PrecisionName
from serving.batching.window_queue import DEFAULT_QUEUED_TOKENS
from serving.errors import SettingsError
from serving.limits.quota import QUOTA_PATTERN

ENV_PREFIX = "WHEREFORE_"


class Settings(BaseSettings):
    """What a serving process may be told.

    Attributes: see the description of each field; `settings_table` prints them for the page
    serving/SETTINGS.md.
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
        description="Model to serve: a directory, or `models:/NAME@ALIAS` or "
        "`models:/NAME/VERSION` of the MLflow registry at `MLFLOW_TRACKING_URI`; empty means the "
        "bundled starter.",
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
    public_url: str | None = Field(
        None,
        pattern=r"(?i)^https?://[^/\\?#@\s]+$",
        description="Address at which people's browsers reach this service, `https://HOST`, where "
        "a proxy makes it another than the one listened on; sign-in by OpenID Connect needs it.",
    )
    oidc_issuer: str | None = Field(
        None,
        pattern=r"^https?://[^?#@\s]+$",
        description="OpenID Connect issuer that people sign in at, exactly as its tokens name it; "
        "empty lets people sign in with passwords only.",
    )
    oidc_client_id: str | None = Field(
        None, min_length=1, description="Who this service is at that issuer."
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="With what it proves that there; empty relies on PKCE alone."
    )
    oidc_scopes: str = Field(
        "openid profile",
        pattern=r"^(\S+ )*openid( \S+)*$",
        description="What is asked for there, spaces between.",
    )
    oidc_person_claim: str = Field(
        "preferred_username",
        min_length=1,
        description="Claim that gives the id of a person who comes for the first time.",
    )
    oidc_roles_claim: str = Field(
        "roles",
        min_length=1,
        description="Claim that lists a person's groups or roles; a dot goes into an object, as in "
        "`realm_access.roles`.",
    )
    oidc_roles: str | None = Field(
        None,
        description="The role that each group brings, `GROUP=ROLE,...`; of several the first "
        "counts, and who has none cannot sign in.",
    )
    signed_in_path: str = Field(
        "/docs",
        pattern=r"^/([^/\\\s][^\\\s]*)?$",
        description="Page of this service that a browser is sent to from the issuer.",
    )
    session_idle_minutes: float = Field(
        30.0, ge=1, le=1440, description="How long a session of a person lies unused, minutes."
    )
    session_hours: float = Field(
        10.0, ge=0.1, le=168, description="How long a session lasts at most, hours."
    )
    lockout_failures: int = Field(
        5, ge=1, le=100, description="Sign-ins of one person that may fail before 429 is answered."
    )
    lockout_address_failures: int = Field(
        50, ge=1, le=10_000, description="Sign-ins from one address that may fail before that."
    )
    lockout_minutes: float = Field(
        15.0,
        ge=1,
        le=1440,
        description="How long a failed sign-in counts, and how long nobody can sign in after too "
        "many, minutes.",
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
    database_pool_size: int = Field(
        10,
        ge=1,
        le=1000,
        description="Most connections to a database at a time, for the cases and for sign-in each; "
        "what would need more waits.",
    )
    database_wait_seconds: float = Field(
        30.0,
        gt=0,
        le=600,
        description="Longest wait for a free connection, and for a lock that another writer holds, "
        "before 503 is answered, seconds.",
    )
    database_recycle_seconds: float = Field(
        1800.0,
        ge=1,
        le=86_400,
        description="Age at which a connection to a database is closed and opened anew, seconds.",
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
        "empty means what suits the engine: 256 for each batch of several on a CPU, "
        "65,536 on a GPU.",
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
    max_unpacked_bytes: int = Field(
        20 * 1024 * 1024 * 1024,
        ge=1024,
        description="Most bytes that an upload may unpack to; of Parquet those of the columns that "
        "are read.",
    )
    max_upload_rows: int = Field(
        20_000_000,
        ge=1,
        description="Most rows of an upload, each of which makes a row of the result; of .jsonl "
        "and .csv every line counts as one.",
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
    limit_predict: str = Field(
        "1200/minute",
        pattern=QUOTA_PATTERN,
        description="Predictions, explanations and what-ifs of one client, as `NUMBER/second`, "
        "`minute`, `hour` or `day`, or `off`; a text counts once for each 512 tokens begun. A "
        "client is a person, a program, or an address where nobody is signed in.",
    )
    limit_batch: str = Field(
        "12000/minute",
        pattern=QUOTA_PATTERN,
        description="Rows of batches of one client, counted likewise.",
    )
    limit_backlogs: str = Field(
        "120/hour", pattern=QUOTA_PATTERN, description="New backlogs of one client."
    )
    limit_sign_in: str = Field(
        "60/minute",
        pattern=QUOTA_PATTERN,
        description="Sign-ins and requests for tokens from one address.",
    )
    limit_other: str = Field(
        "2400/minute", pattern=QUOTA_PATTERN, description="All other requests of one client."
    )
    limit_wait_seconds: float = Field(
        0.25,
        gt=0,
        le=60,
        description="Longest wait of a request for Redis to count it before the server counts by "
        "itself, seconds.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Addresses or networks of proxies, separated by commas, whose "
        "`X-Forwarded-For` and `X-Forwarded-Proto` are believed; empty believes nobody.",
    )
    cors_origins: str | None = Field(
        None,
        pattern=r"(?i)^https?://[^\s/\\?#@*,]+(,https?://[^\s/\\?#@*,]+)*$",
        description="Origins of pages of others that may call the service from a browser, "
        "separated by commas, such as `https://desk.example.org`; they must send a key or "
        "token, never a cookie. Empty lets none.",
    )
    tls_cert_file: Path | None = Field(
        None,
        description="Certificate to serve HTTPS with, PEM, the chain after it; a renewed file is "
        "taken up by itself. Empty serves HTTP.",
    )
    tls_key_file: Path | None = Field(None, description="Its private key, PEM, without a password.")
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^\s/?#@]+$",
        description="Collector that traces are sent to, OTLP over HTTP, such as "
        "`http://collector:4318`; empty makes none. They hold routes, statuses, sizes and ids.",
    )
    read_timeout_seconds: float = Field(
        20.0,
        gt=0,
        le=600,
        description="Longest wait for the head of a request, and for a body to begin, seconds; the "
        "rest of a body must then come at 16 KiB/s or faster.",
    )
    request_timeout_seconds: float = Field(
        60.0, gt=0, le=3600, description="Longest wait for a score before 503 is answered, seconds."
    )
    references_file: Path | None = Field(
        None,
        description="Reference populations that explained answers, and assessments of cases, are "
        "compared with, as `wherefore references` writes them for this model; empty compares with "
        "none.",
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

    @field_validator("trusted_proxies")
    @classmethod
    def _networks_only(cls, given: str | None) -> str | None:
        for network in (given or "").split(",") if given else []:
            ipaddress.ip_network(network.strip())
        return given

    @field_validator("public_url", "cors_origins")
    @classmethod
    def _as_browsers_write_them(cls, given: str | None) -> str | None:
        return given and ",".join(map(_origin, given.split(",")))


def _origin(url: str) -> str:
    """Returns an origin with its host in lower case, and without the port that goes unsaid."""
    try:
        return str(HttpUrl(url)).removesuffix("/")
    except ValidationError:
        # Its message repeats the value.
        raise ValueError("expected scheme and host, https://HOST or https://HOST:PORT") from None


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
            f"the setting {ENV_PREFIX}{name} is not valid: {first['msg']}; serving/SETTINGS.md "
            "lists the settings"
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
