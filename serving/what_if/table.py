"""The table of what may be changed, how far, and why other fields may not."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.domain.taxonomy import DenialReason


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShareOf(_Entry):
    """A bound that is a share of another field."""

    field: str
    share: float = Field(gt=0)


class ActionableField(_Entry):
    """A field that an applicant can act on.

    Attributes:
        how: what the applicant would do.
        direction: where recourse looks.
        min_share: least value, as a share of the present one.
        max_share: largest value, likewise; None where another bound holds.
        max_plus: largest value, above the present one, in the field's unit.
        max_share_of: what may be added in any case, as a share of another field.
        weight: how hard the change is beside others, above 0.
        step: what values are rounded to, in the field's unit.
        unless_given: when all of these are given the field follows from them and is refused.
        because: why it is then refused.
    """

    how: str
    direction: Literal["up", "down"]
    min_share: float = Field(ge=0)
    max_share: float | None = Field(default=None, gt=0)
    max_plus: float | None = Field(default=None, gt=0)
    max_share_of: ShareOf | None = None
    weight: float = Field(gt=0)
    step: float = Field(gt=0)
    unless_given: tuple[str, ...] = ()
    because: str = ""

    def bounds(self, field: str, application: LoanApplication) -> tuple[float, float]:
        """Returns the least and the largest value for an application that gives the field."""
        present = float(getattr(application, field))
        high = present * (self.max_share or 1.0)
        if self.max_plus is not None:
            high = present + self.max_plus
        if self.max_share_of is not None:
            other = getattr(application, self.max_share_of.field)
            high = max(high, present + self.max_share_of.share * float(other or 0.0))
        if field == "loan_term_months" and application.product is not None:
            longest = table().max_term_months.get(application.product, high)
            high = max(present, min(high, longest))
        return min(present * self.min_share, present), max(high, present)

    def way(self, field: str, application: LoanApplication) -> tuple[float, float]:
        """Returns the present value and the bound that recourse moves it towards."""
        low, high = self.bounds(field, application)
        return float(getattr(application, field)), high if self.direction == "up" else low


class RefusedField(_Entry):
    """A field that may not be changed, why, and the provision that speaks against it."""

    because: str
    clause: str


class ReasonRecourse(_Entry):
    """What may remove a reason.

    Attributes:
        fields: fields to try, the likeliest first.
        settle: what settles the matter that the text states; None where nothing does.
    """

    fields: tuple[str, ...]
    settle: str | None = None

    @property
    def is_lasting(self) -> bool:
        """Whether it is a fact that nobody can change."""
        return not self.fields and self.settle is None


class Assumed(_Entry):
    """What is assumed of a loan that does not say."""

    rate_percent: dict[LoanProduct, float]
    term_months: int = Field(ge=1)


class ActionTable(_Entry):
    """The whole table; `version` is the day of its last change."""

    version: str
    assumed: Assumed
    max_term_months: dict[LoanProduct, float]
    fields: dict[str, ActionableField]
    refused: dict[str, RefusedField]
    prohibited: dict[str, tuple[str, ...]]
    reasons: dict[DenialReason, ReasonRecourse]

    def basis_of(self, name: str) -> tuple[str, str] | None:
        """Returns the table's name and the prohibited basis of a name; None where it states none.

        Capitals, dashes and spaces do not matter.
        """
        plain = "_".join(name.lower().replace("-", " ").split())
        return next(
            (
                (alias, basis)
                for basis, aliases in self.prohibited.items()
                for alias in aliases
                if plain == alias
            ),
            None,
        )


@cache
def table() -> ActionTable:
    """Returns the table, as shipped."""
    path = files("serving.what_if") / "data" / "actionable.toml"
    return ActionTable.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
