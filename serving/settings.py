"""The settings of a serving process: one frozen object, read once from the environment.

Every setting is an environment variable `WHEREFORE_<NAME>`. A variable with that prefix that is
no setting is an error, because a misspelled one would otherwise silently do nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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
        description="Where models of a registry are kept; empty means `wherefore` in the user's "
        "cache folder.",
    )
    state_dir: Path = Field(
        Path("var"), description="Where the server keeps what must survive a restart (API keys)."
    )
    api_key: SecretStr | None = Field(
        None,
        min_length=24,
        description="The one API key to accept, at least 24 characters; empty means the keys in "
        "the state directory, the first of which is made at first start.",
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
    max_queued_applications: int = Field(
        1024, ge=1, description="Applications that may wait for the model before 503 is answered."
    )
    request_timeout_seconds: float = Field(
        60.0, gt=0, le=3600, description="Longest wait for a score before 503 is answered, seconds."
    )
    shutdown_grace_seconds: int = Field(
        30, ge=0, le=3600, description="Time given to open requests at shutdown, seconds."
    )
    torch_threads: int | None = Field(
        None, ge=1, le=1024, description="CPU threads of one inference; empty leaves it to torch."
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
