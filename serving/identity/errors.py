"""Errors of programs and their tokens.

::

    ServingError
    ├── ClientCommandError            a program cannot be entered or changed as asked
    └── RequestError
        └── TokenRequestError         a token cannot be asked for like this
            ├── InvalidClientError    ... no program has this id and secret
            ├── UnsupportedGrantError ... by another grant than client credentials
            └── InvalidScopeError     ... for what the program may not do
"""

from serving.errors import RequestError, ServingError


class ClientCommandError(ServingError):
    """A program that asks for tokens cannot be entered or changed as asked."""


class TokenRequestError(RequestError):
    """A token cannot be asked for like this.

    Attributes:
        oauth_error: what RFC 6749, section 5.2, calls it.
    """

    oauth_error = "invalid_request"

    def __init__(self, *, found: str) -> None:
        """Takes what was found, in words without any of what was sent."""
        super().__init__(
            f"the token request is not valid: found {found}, expected a form with "
            "grant_type=client_credentials and the client's id and secret (RFC 6749, section 4.4)"
        )


class InvalidClientError(TokenRequestError):
    """No program has this id and secret, or it may get no tokens now."""

    oauth_error = "invalid_client"

    def __init__(self) -> None:
        """Takes nothing: whether id or secret is wrong is not told."""
        super().__init__(found="no client with this id and secret that may get tokens")


class UnsupportedGrantError(TokenRequestError):
    """Tokens are given for client credentials only."""

    oauth_error = "unsupported_grant_type"

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(found="another grant_type")


class InvalidScopeError(TokenRequestError):
    """The token is asked for something that the program may not do."""

    oauth_error = "invalid_scope"

    def __init__(self) -> None:
        """Takes nothing: the scopes are the client's text and are not repeated."""
        super().__init__(found="a scope that this client does not have")
