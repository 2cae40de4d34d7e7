"""Errors of `serving.what_if`; each names the field and the clause that speaks against it.

::

    ServingError
    └── WhatIfError                  this cannot be asked
        ├── ProhibitedBasisError     a prohibited basis, which no answer may rest on
        ├── NotActionableError       a field that an applicant cannot change by acting
        ├── OutOfBoundsError         further than the table allows
        └── StrikeError              stretches of the text that cannot be struck
"""

from serving.errors import ServingError

PROHIBITED_CLAUSE = "12 CFR 1002.2(z), 1002.4(a)"


class WhatIfError(ServingError):
    """This cannot be asked."""


class ProhibitedBasisError(WhatIfError):
    """A prohibited basis, which no answer may rest on.

    Attributes:
        field: the name given, one of the table's.
    """

    def __init__(self, *, field: str, basis: str) -> None:
        """Takes the name and the basis it states, both from the table."""
        super().__init__(
            f"{field}: found a prohibited basis ({basis}), which is no field of an application "
            f"and must not bear on its answer, expected a field that an applicant can act on "
            f"({PROHIBITED_CLAUSE}): leave it out"
        )
        self.field = field


class NotActionableError(WhatIfError):
    """A field that an applicant cannot change by acting.

    Attributes:
        field: the field.
        clause: the provision that speaks against it; None where none does.
    """

    def __init__(self, *, field: str, because: str, clause: str | None) -> None:
        """Takes the field, why, and the provision."""
        cited = f" ({clause})" if clause else ""
        super().__init__(f"{field}: cannot be changed, {because}{cited}")
        self.field, self.clause = field, clause


class OutOfBoundsError(WhatIfError):
    """A value that is further off than the table allows, or of the wrong kind.

    Attributes:
        field: the field.
    """

    def __init__(self, *, field: str, expected: str) -> None:
        """Takes the field and what would be accepted; the value stays out."""
        super().__init__(f"{field}: found a value out of bounds, expected {expected}: correct it")
        self.field = field


class StrikeError(WhatIfError):
    """Stretches of the text that cannot be struck."""

    def __init__(self, found: str) -> None:
        """Takes what was found, in words."""
        super().__init__(
            f"strike: found {found}, expected stretches of `text` in code points, in order, "
            "without overlap, that leave something of the application: correct them"
        )
