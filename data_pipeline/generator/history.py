"""Draws the work and credit history of a synthetic applicant from margins.

A margin above 0 asks for facts that pass the market's limit by so much; below 0 for facts within
it, harmless ones that look bad among them.
"""

from math import exp
from random import Random

from data_pipeline.generator import catalogue
from data_pipeline.generator.draws import calm, chance
from data_pipeline.generator.history_facts import (
    CreditDepth,
    DerogatoryRecord,
    Employment,
    JobKind,
    PaymentRecord,
    RecordKind,
)
from data_pipeline.generator.limits import SEASONED, Limits

_JOB_KINDS = tuple(JobKind)
_JOB_SHARES = (0.62, 0.12, 0.08, 0.06, 0.06, 0.06)
_RECORD_SHARES = (0.24, 0.1, 0.13, 0.3, 0.13, 0.1)
_RECORD_KINDS = tuple(RecordKind)
_MOST_MONTHS = 470
_MUCH_TROUBLE = 2
_WITHIN_TOLERANCE = 0.35
_OLDER_LATES = 0.45
_CORRECTED_LATES = 0.15
_HARMLESS_RECORD = 0.55
_ALTERNATIVE_FILE = 0.18


def draw_job(margin: float, limits: Limits, random: Random) -> Employment:
    """Returns work whose length shows the margin."""
    kind = random.choices(_JOB_KINDS, _JOB_SHARES)[0]
    is_steady = kind in {JobKind.PERMANENT, JobKind.SELF_EMPLOYED}
    required = limits.min_tenure_months if is_steady else limits.min_irregular_months
    is_experienced = chance(random, 0.4)
    if is_experienced:
        required //= 3
    tenure = round((required + 0.5) / exp(0.5 * margin) - 1)
    tenure = max(1, min(tenure, random.randint(90, 420)))
    field = tenure + random.randint(0, 4) * 3
    if is_experienced:
        field = max(limits.field_relief_months, tenure) + random.randint(6, 150)
    elif tenure < limits.field_relief_months:
        field = min(field, limits.field_relief_months - 1)
    return Employment(
        kind=kind,
        occupation=random.choice(catalogue.OCCUPATIONS[kind]),
        employer=random.choice(catalogue.EMPLOYERS),
        tenure_months=tenure,
        field_months=max(field, tenure),
    )


def draw_payments(margin: float, limits: Limits, random: Random) -> PaymentRecord:
    """Returns late payments whose weight shows the margin."""
    points = 0
    if margin > 0:
        points = limits.max_late_points + max(1, round(0.5 + margin))
    elif chance(random, _WITHIN_TOLERANCE):
        points = random.randint(min(1, limits.max_late_points), limits.max_late_points)
    num_90 = random.randint(0, points // 3) if chance(random, 0.4) else 0
    num_60 = random.randint(0, (points - 3 * num_90) // 2) if chance(random, 0.6) else 0
    has_older = chance(random, _OLDER_LATES)
    return PaymentRecord(
        num_30=points - 3 * num_90 - 2 * num_60,
        num_60=num_60,
        num_90=num_90,
        last_late_months=random.randint(1, 20) if points else 0,
        with_us=points > 0 and chance(random, 0.25),
        num_older=random.randint(1, 7) if has_older else 0,
        older_months=random.randint(26, 84) if has_older else 0,
        num_corrected=random.randint(1, 3) if chance(random, _CORRECTED_LATES) else 0,
    )


def draw_record(margin: float, limits: Limits, random: Random) -> DerogatoryRecord | None:
    """Returns a record that shows the margin, a harmless one, or None."""
    if margin <= 0 and not chance(random, _HARMLESS_RECORD):
        return None
    kind = random.choices(_RECORD_KINDS, _RECORD_SHARES)[0]
    original_usd = float(random.choice((random.randint(150, 900), random.randint(900, 24_000))))
    if kind in SEASONED:
        return _seasoned(kind, margin, limits, random, original_usd=original_usd)
    open_usd = 0.0
    if margin > 0:
        open_usd = float(round(limits.max_open_record_usd * (1 + 0.75 * margin)))
    elif chance(random, 0.5):
        open_usd = float(round(limits.max_open_record_usd * random.uniform(0.05, 0.65)))
    return DerogatoryRecord(
        kind=kind,
        age_months=random.randint(2, 70),
        original_usd=max(original_usd, open_usd),
        open_usd=open_usd,
    )


def _seasoned(
    kind: RecordKind, margin: float, limits: Limits, random: Random, *, original_usd: float
) -> DerogatoryRecord:
    required = limits.min_record_months[kind]
    share = 1 - margin / 3 if margin > 0 else 1.03 + random.expovariate(1.3)
    return DerogatoryRecord(
        kind=kind,
        age_months=max(1, min(round(required * share), 118)),
        original_usd=max(original_usd, 2_500.0) * 4,
        open_usd=0.0,
    )


def draw_depth(
    margins: tuple[float, float], limits: Limits, random: Random, *, trouble: int
) -> CreditDepth:
    """Returns a credit file that shows two margins.

    Args:
        margins: of limited credit and of recent inquiries.
        limits: the market's.
        random: source of what is left open.
        trouble: weight of late payments and records, for the score.
    """
    num_trades, num_bank_trades, history_months, alternative = _file(margins[0], limits, random)
    num_inquiries, num_shopping = _inquiries(margins[1], limits, random)
    utilization = random.betavariate(1.6, 1.6 if trouble > _MUCH_TROUBLE else 2.6)
    score = 742 - 17 * trouble - 110 * (utilization - 0.35) - 3 * num_inquiries
    score += 0.09 * min(history_months, 240) + random.gauss(0, 24)
    return CreditDepth(
        credit_score=round(min(max(score, 430), 845)),
        num_trades=num_trades,
        num_bank_trades=num_bank_trades,
        history_months=history_months,
        alternative_months=alternative,
        num_inquiries=num_inquiries,
        num_shopping=num_shopping,
        utilization_ratio=round(utilization, 2) if num_trades else 0.0,
    )


def _file(margin: float, limits: Limits, random: Random) -> tuple[int, int, int, int]:
    """Returns accounts, bank accounts, months of history and of alternative payments."""
    alternative = random.randint(1, 11) if chance(random, 0.25) else 0
    is_thin = margin > 0
    if not is_thin and chance(random, _ALTERNATIVE_FILE):
        is_thin, margin, alternative = True, abs(calm(random)), random.randint(12, 36)
    num_trades = limits.min_trades + 2 + int(random.expovariate(0.16))
    history = round(limits.min_history_months / exp(0.5 * calm(random)))
    num_bank = sum(chance(random, 0.6) for _ in range(min(num_trades, 12))) or 1
    if is_thin:
        kind = random.choices(("none", "few", "poor", "young"), (0.22, 0.28, 0.15, 0.35))[0]
        if kind == "none":
            return 0, 0, 0, alternative
        if kind == "few":
            num_trades = max(1, limits.min_trades - max(1, round(0.5 + 0.9 * margin)))
            num_bank = min(num_bank, num_trades)
        elif kind == "poor":
            num_bank = 0
        else:
            history = round(limits.min_history_months / exp(0.5 * margin))
    return num_trades, num_bank, max(1, min(history, _MOST_MONTHS)), alternative


def _inquiries(margin: float, limits: Limits, random: Random) -> tuple[int, int]:
    """Returns all inquiries and those of one shopping trip."""
    counted = int((limits.max_inquiries + 1) * random.betavariate(1.2, 1.8))
    if margin > 0:
        counted = limits.max_inquiries + max(1, round(0.5 + margin))
    if counted and chance(random, 0.4):
        num_shopping = random.randint(2, 11)
        return counted + num_shopping - 1, num_shopping
    return counted, 0
