"""What lets people in, put together from a store and the settings."""

from datetime import timedelta
from typing import TYPE_CHECKING

from serving.adapters.identity.passwords import Argon2Passwords
from serving.errors import SettingsError
from serving.identity.issuer import (
    CALLBACK_PATH,
    IssuerRules,
    is_safe_address,
    roles_of_setting,
)
from serving.identity.sign_in import SignIn, SignInRules
from serving.identity.store import IdentityStore
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.adapters.identity.openid import OpenIdIssuer


def sign_in_over(store: IdentityStore, settings: Settings) -> SignIn:
    """Returns what lets people in over a store, by the rules of the settings."""
    return SignIn(
        people=store.people,
        sessions=store.sessions,
        attempts=store.attempts,
        passwords=Argon2Passwords(),
        rules=SignInRules(
            idle=timedelta(minutes=settings.session_idle_minutes),
            longest=timedelta(hours=settings.session_hours),
            failures=settings.lockout_failures,
            address_failures=settings.lockout_address_failures,
            window=timedelta(minutes=settings.lockout_minutes),
        ),
    )


def issuer_of(settings: Settings) -> "OpenIdIssuer | None":
    """Returns the issuer that people sign in at; None where the settings name none.

    Raises:
        SettingsError: a setting that it needs is missing or not usable.
    """
    if settings.oidc_issuer is None:
        return None
    roles = roles_of_setting(settings.oidc_roles or "")
    if settings.oidc_client_id is None or settings.public_url is None or not roles:
        raise SettingsError(
            "WHEREFORE_OIDC_ISSUER is set, and not all that it needs: expected "
            "WHEREFORE_OIDC_CLIENT_ID, WHEREFORE_PUBLIC_URL and WHEREFORE_OIDC_ROLES beside it; "
            "serving/SETTINGS.md lists the settings"
        )
    if not is_safe_address(settings.oidc_issuer):
        raise SettingsError(
            "the setting WHEREFORE_OIDC_ISSUER is not valid: expected an address with https, since "
            "whoever changes what the issuer says can be anybody"
        )
    # Its libraries take a while to import, and most deployments have no issuer.
    from serving.adapters.identity.openid import OpenIdIssuer  # noqa: PLC0415

    return OpenIdIssuer(
        IssuerRules(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            redirect_uri=settings.public_url + CALLBACK_PATH,
            scope=settings.oidc_scopes,
            person_claim=settings.oidc_person_claim,
            roles_claim=settings.oidc_roles_claim,
            roles=roles,
        )
    )
