"""Errors of people who sign in, of programs and of their tokens.

::

    ServingError
    ├── ClientCommandError            a program cannot be entered or changed as asked
    ├── PersonCommandError            a person cannot be entered or changed as asked
    └── RequestError
        ├── SignInRefusedError        nobody can sign in like this
        │   └── IssuerRefusedError    ... what came back from the issuer is not to be believed
        ├── PasswordRefusedError      the new password is not taken
        ├── CrossSiteError            a change that a page of ours did not ask for
        ├── NoSessionError            what only who has signed in can ask for
        ├── NoIssuerError             nobody signs in at an issuer here
        ├── RetryLaterError
        │   ├── TooManySignInsError   too many sign-ins have failed
        │   ├── SignInBusyError       too many sign in at this moment
        │   └── IssuerUnreachableError   the issuer does not answer
        └── TokenRequestError         a token cannot be asked for like this
            ├── InvalidClientError    ... no program has this id and secret
            ├── UnsupportedGrantError ... by another grant than client credentials
            └── InvalidScopeError     ... for what the program may not do
"""

from serving.errors import RequestError, RetryLaterError, ServingError


class ClientCommandError(ServingError):
    """A program that asks for tokens cannot be entered or changed as asked."""


class PersonCommandError(ServingError):
    """A person who signs in cannot be entered or changed as asked."""


class SignInRefusedError(RequestError):
    """Nobody can sign in like this."""

    def __init__(self, message: str | None = None) -> None:
        """Takes nothing: whether person, password or key is wrong is not told."""
        super().__init__(
            message
            or "nobody can sign in like this: found no person who has this id and this password or "
            "one-time key and may sign in; try again, or ask for a new one-time key "
            "(`wherefore users reset-password PERSON`)"
        )


class IssuerRefusedError(SignInRefusedError):
    """What came back from the OpenID Connect issuer is not to be believed, or not enough.

    Attributes:
        reason: what it was, for the log.
    """

    def __init__(self, *, reason: str) -> None:
        """Keeps the reason, which nobody is told."""
        super().__init__(
            "the sign-in at the issuer cannot be used: expected one that began here, lately, in "
            "this browser, of a person with a role; begin again at /api/v1/login/oidc, or ask who "
            "looks after this service"
        )
        self.reason = reason


class PasswordRefusedError(RequestError):
    """The new password is not taken; the message says why and repeats nothing of it."""


class CrossSiteError(RequestError):
    """A change that a page of ours did not ask for."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "the request may come from a page of somebody else: expected one of this server's own "
            "origin, with the csrf_token of GET /api/v1/me in the header X-CSRF-Token; send it "
            "so, or send an API key instead of the cookie"
        )


class NoSessionError(RequestError):
    """What only who has signed in can ask for."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "found credentials that are no session, expected the cookie of POST /api/v1/login: "
            "sign in first"
        )


class NoIssuerError(RequestError):
    """Nobody signs in at an issuer here."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "nobody signs in at an issuer here: found no WHEREFORE_OIDC_ISSUER in the settings; "
            "sign in with POST /api/v1/login"
        )


class TooManySignInsError(RetryLaterError):
    """Too many sign-ins have failed, for this person or from this address."""

    def __init__(self, *, retry_after_seconds: int) -> None:
        """Takes the delay; which of the two it is, is not told."""
        super().__init__(
            "too many sign-ins have failed for this person or from this address: try again in "
            f"{retry_after_seconds} s",
            retry_after_seconds=retry_after_seconds,
        )


class SignInBusyError(RetryLaterError):
    """Too many sign in at this moment."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "too many people sign in at this moment: try again in 2 s", retry_after_seconds=2
        )


class IssuerUnreachableError(RetryLaterError):
    """The OpenID Connect issuer does not answer, or not as agreed."""

    def __init__(self) -> None:
        """Takes nothing: what was found is for the log."""
        super().__init__(
            "the issuer that people sign in at does not answer as expected: try again in 10 s",
            retry_after_seconds=10,
        )


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
