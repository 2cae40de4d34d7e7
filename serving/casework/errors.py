"""Errors of `serving.casework`.

::

    ServingError
    └── CaseworkError                a command cannot be carried out as asked
        ├── FactsError               a fact is missing or cannot be; names field and clause
        ├── NoticeBlockedError       a check that blocks the release failed
        ├── NotAssessableError       the model cannot read what the file holds
        ├── NoLetterError            the notice is no letter: nothing can be printed
        └── RegenerationError        a letter does not come out as it was released
"""

from collections.abc import Sequence

from serving.errors import ServingError


class CaseworkError(ServingError):
    """A command cannot be carried out as asked."""


class FactsError(CaseworkError):
    """A fact that a command needs is missing, or cannot be as given.

    Attributes:
        field: the field of the command, as in the request.
        clause: the provision that asks for it; None where none does.
    """

    def __init__(self, *, field: str, found: str, expected: str, clause: str | None = None) -> None:
        """Takes what was found in words, never the value."""
        cited = f" ({clause})" if clause else ""
        super().__init__(f"{field}: found {found}, expected {expected}{cited}: correct it")
        self.field = field
        self.clause = clause


class NoticeBlockedError(CaseworkError):
    """A notice cannot be released because checks that block failed.

    Attributes:
        check_ids: ids of those checks.
    """

    def __init__(self, *, check_ids: Sequence[str], messages: Sequence[str]) -> None:
        """Takes the ids and the messages of the checks; these quote nothing personal."""
        super().__init__(
            f"the notice cannot be released, {len(check_ids)} checks that block failed: "
            f"{'; '.join(f'{i} {m}' for i, m in zip(check_ids, messages, strict=True))}"
        )
        self.check_ids = tuple(check_ids)


class NotAssessableError(CaseworkError):
    """The model cannot read what the file holds.

    Attributes:
        code: the stable code of the failed row.
    """

    def __init__(self, *, code: str, message: str) -> None:
        """Keeps the code; the message of a failed row quotes nothing."""
        super().__init__(f"the application cannot be assessed by the model: {message}")
        self.code = code


class NoLetterError(CaseworkError):
    """The notice is no letter."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__(
            "this notice records how an approval or an offer was told and is no letter: found "
            "nothing to print, expected a letter that was drafted here; name such a one"
        )


class RegenerationError(CaseworkError):
    """A letter does not come out of its record as it was released.

    Attributes:
        media_type: of the rendering that differs.
    """

    def __init__(self, *, media_type: str, found: str) -> None:
        """Takes what differs in words."""
        super().__init__(
            f"the {media_type} rendering cannot be made again: found {found}, expected the bytes "
            "that were released; use the stored copy, and the version that released it"
        )
        self.media_type = media_type
