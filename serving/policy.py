"""The creditor's policy: who the creditor is, and what a risk score is called.

The default is what `configs/policy.yaml` says; a test keeps both equal.
"""

import hashlib
import itertools
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from serving.errors import PolicyError
from serving.notices.notice import CreditorType


class RiskBand(StrEnum):
    """The four names a risk score may have, from the lowest to the highest."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class RiskBandStart(BaseModel):
    """Where a band begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    band: RiskBand
    from_risk_score: float = Field(ge=0, le=100, allow_inf_nan=False)


class CreditorProfile(BaseModel):
    """Who the creditor is, as its notices say it.

    Attributes:
        name: as on the notice.
        address_lines: street or box, then city, state and ZIP code.
        creditor_type: which line of 12 CFR 1002, Appendix A it is; names the agency.
        telephone: ten digits; None where the creditor gives none.
        time_zone: an IANA name; days are counted in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    address_lines: tuple[str, ...] = Field(min_length=2)
    creditor_type: CreditorType
    telephone: str | None = None
    time_zone: str


class Policy(BaseModel):
    """Who the creditor is, and which band each risk score falls into.

    Attributes:
        risk_bands: all four bands in rising order, the first from 0. A score (percent, 0-100) is
            in the last band whose start it reaches.
        creditor: None where each application names its own.
        revalidate_by: last day until which the model may be relied on before it is validated anew;
            from then on every assessment warns. None where nobody has set one. Source: 12 CFR
            1002.2(p)(1)(iv): a system is periodically revalidated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk_bands: tuple[RiskBandStart, ...]
    creditor: CreditorProfile | None = None
    revalidate_by: date | None = None

    @property
    def version(self) -> str:
        """Version of the policy: a digest of everything in it."""
        # A day that nobody has set leaves the version as it was before there was one.
        unset = {"revalidate_by"} if self.revalidate_by is None else None
        content = self.model_dump_json(exclude=unset).encode()
        return f"policy-{hashlib.sha256(content).hexdigest()[:12]}"

    @model_validator(mode="after")
    def _covers_every_score_once(self) -> Self:
        if [start.band for start in self.risk_bands] != list(RiskBand):
            raise ValueError(f"risk_bands: expected {', '.join(RiskBand)}, in this order")
        starts = [start.from_risk_score for start in self.risk_bands]
        if starts[0] != 0 or any(b <= a for a, b in itertools.pairwise(starts)):
            raise ValueError("risk_bands: expected from_risk_score to rise from 0")
        return self

    def overdue_since(self, today: date) -> date | None:
        """Returns the day by which the model was to be validated anew, where it is over."""
        day = self.revalidate_by
        return day if day is not None and day < today else None

    def band_of(self, risk_score: float) -> RiskBand:
        """Returns the band of a risk score (percent, 0-100)."""
        return [s.band for s in self.risk_bands if risk_score >= s.from_risk_score][-1]


DEFAULT_POLICY = Policy(
    risk_bands=(
        RiskBandStart(band=RiskBand.LOW, from_risk_score=0),
        RiskBandStart(band=RiskBand.MEDIUM, from_risk_score=5),
        RiskBandStart(band=RiskBand.HIGH, from_risk_score=15),
        RiskBandStart(band=RiskBand.CRITICAL, from_risk_score=30),
    )
)
"""The project's own thresholds, for a creditor to replace by its own."""


def load_policy(path: Path | None) -> Policy:
    """Returns the policy of a YAML file, or the default where there is none.

    Raises:
        PolicyError: the file cannot be read, is not YAML or is not a valid policy.
    """
    if path is None:
        return DEFAULT_POLICY
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyError(
            f"the policy file {path} cannot be read ({type(error).__name__}): expected YAML like "
            "configs/policy.yaml, correct WHEREFORE_POLICY_FILE or the file"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise PolicyError(
            f"the policy file {path} is not valid: {where}: {first['msg']}; expected the form of "
            "configs/policy.yaml"
        ) from error
