"""Who has which role: giving a version a role, and giving it back to who had it before.

A role is an alias of a registered model, `champion` for the version that serves. Every change is
written on the model and on the version as a tag `wherefore.ROLE.NUMBER.TOKEN`, so that it can be
undone and be looked up later; the token is drawn, so that no change overwrites another. Nothing
here needs more than the core: a rollback may be in a hurry.
"""

import datetime as dt
import getpass
import re
import secrets
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from model_store.artifact import load_artifact
from model_store.registry.models import CHAMPION, ModelRegistry
from model_store.registry.reference import ModelReference, parse_reference
from model_store.registry.registered import TAG_PREFIX, RegisteredVersion
from training.errors import PromotionError


class RoleChange(BaseModel):
    """A change of who has a role.

    Attributes:
        action: how it came about.
        version: who has the role now.
        previous_version: who had it before; None for nobody.
        manifest_sha256: digest of the model of `version`.
        at: when, UTC.
        by: name of the user of the operating system; "unknown" where it has none.
        reason: why, in the words of that user.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["promote", "rollback"]
    version: int
    previous_version: int | None
    manifest_sha256: str
    at: dt.datetime
    by: str
    reason: str


def rollback(
    registry: ModelRegistry, name: str, *, role: str = CHAMPION, reason: str
) -> RoleChange:
    """Gives a role back to the version that had it before.

    Args:
        registry: where the model is.
        name: registered name.
        role: the alias.
        reason: why, in words.

    Raises:
        PromotionError: nobody had the role before, or no reason is given.
        RegistryError: the registry does not have the version, or cannot be reached.
        ArtifactError: the earlier model is not whole, was changed, or is of another version of
            the code.
    """
    require_reason(reason)
    parse_reference(f"models:/{name}@{role}")
    holder = registry.holder(name, role)
    past = role_changes(registry, name, role=role)
    previous = _previous(past, holder)
    if previous is None:
        raise PromotionError(
            f"no version of {name!r} was {role} before "
            f"{'anyone' if holder is None else holder.reference}: give the role to a version with "
            "`wherefore promote`"
        )
    version = registry.find(ModelReference(name=name, version=previous))
    _check_unchanged(version, past, role=role)
    load_artifact(registry.fetch(version))
    return give_role(registry, version, role=role, action="rollback", holder=holder, reason=reason)


def role_changes(registry: ModelRegistry, name: str, *, role: str = CHAMPION) -> list[RoleChange]:
    """Returns every change of a role, oldest first.

    Raises:
        UnknownModelError: no such model.
    """
    tags = registry.model_tags(name)
    return [RoleChange.model_validate_json(tags[key]) for key in _note_keys(tags, role=role)]


def give_role(
    registry: ModelRegistry,
    version: RegisteredVersion,
    *,
    role: str,
    action: Literal["promote", "rollback"],
    holder: RegisteredVersion | None,
    reason: str,
) -> RoleChange:
    """Gives a version a role and notes it; no check is made.

    Args:
        registry: where the version is.
        version: the version.
        role: the alias.
        action: how it came about.
        holder: who had the role when the version was checked; None for nobody.
        reason: why, in words.

    Raises:
        PromotionError: somebody else has changed the role since, or is about to.
        RegistryUnavailableError: the registry cannot be reached or refuses.
    """
    change = RoleChange(
        action=action,
        version=version.version,
        previous_version=None if holder is None else holder.version,
        manifest_sha256=version.manifest_digest,
        at=dt.datetime.now(tz=dt.UTC),
        by=_user(),
        reason=reason.strip(),
    )
    key = _next_note_key(registry.model_tags(version.name), role=role)
    # First the note, then the change: a change without a note could not be undone.
    registry.tag(version, key, change.model_dump_json(), model=True)
    if _is_changed_by_others(registry, version.name, role=role, holder=holder, note=key):
        registry.untag(version, key)
        raise PromotionError(
            f"somebody else changed who is {role} of {version.name!r} at the same time: look at "
            f"`wherefore models {version.name}` and give the command again"
        )
    registry.set_alias(version, role)
    return change


def require_reason(reason: str) -> None:
    """Refuses a change without a reason.

    Raises:
        PromotionError: there is none.
    """
    if not reason.strip():
        raise PromotionError(
            "no reason is given: say in --reason why, in words that will be understood later"
        )


def _note_keys(tags: Iterable[str], *, role: str) -> list[str]:
    """The keys of the notes of a role, oldest first; those of before have no token."""
    form = re.compile(re.escape(f"{TAG_PREFIX}{role}.") + r"\d{6}(\.[0-9a-f]{8})?")
    return sorted(filter(form.fullmatch, tags))


def _next_note_key(tags: Iterable[str], *, role: str) -> str:
    start = f"{TAG_PREFIX}{role}."
    numbers = [int(key.removeprefix(start)[:6]) for key in _note_keys(tags, role=role)]
    return f"{start}{max(numbers, default=0) + 1:06d}.{secrets.token_hex(4)}"


def _is_changed_by_others(
    registry: ModelRegistry,
    name: str,
    *,
    role: str,
    holder: RegisteredVersion | None,
    note: str,
) -> bool:
    number, _, _ = note.rpartition(".")
    if any(key.startswith(number) and key != note for key in registry.model_tags(name)):
        return True
    now = registry.holder(name, role)
    return (now and now.version) != (holder and holder.version)


def _check_unchanged(version: RegisteredVersion, past: list[RoleChange], *, role: str) -> None:
    """Refuses a version that has been given other files since it had the role."""
    noted = {change.version: change.manifest_sha256 for change in past}
    expected = noted.get(version.version, version.manifest_digest)
    if version.manifest_digest != expected:
        raise PromotionError(
            f"{version.reference} is not what it was as {role}: expected manifest "
            f"{expected[:12]}..., found {version.manifest_digest[:12]}...; promote a version with "
            "`wherefore promote`"
        )


def _previous(past: list[RoleChange], holder: RegisteredVersion | None) -> int | None:
    """Who had the role before the one who has it now."""
    now = None if holder is None else holder.version
    had_role: list[int] = []
    for number, change in enumerate(past, start=1):
        then = past[number].previous_version if number < len(past) else now
        if then == change.previous_version:
            continue  # written down, but never made
        _cut_back(had_role, to=change.previous_version)
        if change.action == "promote":
            had_role.append(change.version)
        else:
            _cut_back(had_role, to=change.version)
    _cut_back(had_role, to=now)
    return had_role[-2] if len(had_role) > 1 else None


def _cut_back(had_role: list[int], *, to: int | None) -> None:
    """Forgets what came after a version; one that is not listed got the role by other means."""
    while had_role and had_role[-1] != to:
        had_role.pop()
    if not had_role and to is not None:
        had_role.append(to)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
