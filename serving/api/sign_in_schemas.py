"""What people send to sign in, and what they are told of themselves."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from serving.identity.password_rules import LEAST_CHARACTERS, MOST_CHARACTERS

_MOST = 1024
_NEW = f"The password to set, {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters."

PersonId = Annotated[str, Field(max_length=_MOST, description="Id of the person.")]
Typed = Annotated[SecretStr, Field(max_length=_MOST)]


class LoginRequest(BaseModel):
    """A person who signs in: with a password, or with a one-time key and a password to set."""

    model_config = ConfigDict(extra="forbid")

    person_id: PersonId
    password: Typed | None = Field(None, description="The password.")
    one_time_key: Typed | None = Field(
        None, description="A key of `wherefore users`, or of the first start; with `new_password`."
    )
    new_password: Typed | None = Field(
        None,
        description=f"The password to set, {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters.",
    )

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        with_key = self.one_time_key is not None and self.new_password is not None
        neither = self.one_time_key is None and self.new_password is None
        if (self.password is None) != with_key or (self.password is not None and not neither):
            raise ValueError("expected password alone, or one_time_key and new_password")
        return self


class PasswordRequest(BaseModel):
    """A person who sets another password."""

    model_config = ConfigDict(extra="forbid")

    password: Typed = Field(description="The present password.")
    new_password: Typed = Field(description=_NEW)


class SessionAnswer(BaseModel):
    """Who a request comes from, as it is known here."""

    principal_id: str = Field(description="Id that records and logs carry.")
    role: str = Field(description="What it acts as.")
    scopes: list[str] = Field(description="What it may do.")
    kind: str = Field(description="`person` or `machine`.")
    proof: str = Field(description="What proved it: `session`, `api_key` or `token`.")
    csrf_token: str | None = Field(
        description="Of a session: to be sent in the header X-CSRF-Token with every change."
    )
    expires_at: datetime | None = Field(description="Of a session: when it ends at the latest.")
