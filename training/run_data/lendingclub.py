"""A run on LendingClub loans: later months held out.

The rows have no explicit licence. A run of them is for measurement; no model made with them is
published, and none is the bundled one.
"""

import math
from collections.abc import Sequence

import numpy as np

from data_pipeline.source_examples import LabelledRow, LabelRules
from data_pipeline.splits import SplitError, require_in_time, require_no_leak
from training.data_config import LendingClubData
from training.evaluation.labelled import labelled_from_rows
from training.run_data.files import rows_of_files
from training.run_data.parts import (
    Origin,
    RunData,
    applications_of,
    files_digests,
    require_files,
)

_CALIBRATION_RATIO = 0.12  # of the rows learned from and calibrated on


def lendingclub_data(config: LendingClubData) -> RunData:
    """Reads loans and splits them by month of issue.

    Loans that are not over, and loans without a month of issue, do not count.

    Raises:
        ConfigError: no file is named.
        DataError: a file cannot be read, a part of the time has no loan, or the split leaks.
    """
    require_files(config.files, section="lendingclub")
    rules = LabelRules(lifetime_default=config.outcome == "lifetime")
    rows, num_left_out = rows_of_files(config.files, format="lendingclub", rules=rules)
    rows = [row for row in rows if not math.isnan(row.example.risk_probability) and _month(row)]
    parts = _drawn(_split(rows, config), config)
    _require_no_leak(parts)
    digests = files_digests(config.files, source="lendingclub")
    return RunData(
        source="lendingclub",
        train=[row.example for row in parts["train"]],
        calibration=[row.example for row in parts["calibration"]],
        refit=[row.example for row in _as_learned(parts["calibration"], config)],
        test=labelled_from_rows(
            parts["test"],
            name="LendingClub, later months",
            sha256=digests["lendingclub"],
            num_left_out=num_left_out,
        ),
        figures_name="later_months",
        digests=digests,
        origin=_origin(parts, config),
        applications=applications_of(*parts.values()),
    )


def _month(row: LabelledRow) -> str:
    """The month of issue, by which loans are grouped; "" where it is not known."""
    return "" if row.example.group == row.example.id else row.example.group


def _split(rows: Sequence[LabelledRow], config: LendingClubData) -> dict[str, list[LabelledRow]]:
    parts: dict[str, list[LabelledRow]] = {"train": [], "calibration": [], "test": []}
    for row in rows:
        month = _month(row)
        if month < config.calibration_from:
            parts["train"].append(row)
        else:
            parts["calibration" if month < config.test_from else "test"].append(row)
    for name, found in parts.items():
        if not found:
            raise SplitError(
                f"found no loan for {name}: set calibration_from ({config.calibration_from}) and "
                f"test_from ({config.test_from}) inside the months of the files"
            )
    return parts


def _drawn(
    parts: dict[str, list[LabelledRow]], config: LendingClubData
) -> dict[str, list[LabelledRow]]:
    num_calibration = round(config.max_train_rows * _CALIBRATION_RATIO)
    calibration = draw_loans(parts["calibration"], num_loans=num_calibration, seed=config.seed)
    train = draw_loans(
        parts["train"],
        num_loans=config.max_train_rows - len(calibration),
        default_ratio=config.default_ratio,
        seed=config.seed,
    )
    test = parts["test"]
    if config.max_test_rows is not None:
        test = draw_loans(test, num_loans=config.max_test_rows, seed=config.seed)
    return {"train": train, "calibration": calibration, "test": test}


def _as_learned(rows: Sequence[LabelledRow], config: LendingClubData) -> list[LabelledRow]:
    """Returns as many rows as there are with as many defaults among them as to learn from."""
    num_loans = len(rows)
    if config.default_ratio is not None:
        num_defaults = sum(row.example.risk_probability == 1 for row in rows)
        num_loans = min(num_loans, round(num_defaults / config.default_ratio))
    return draw_loans(
        rows, num_loans=num_loans, default_ratio=config.default_ratio, seed=config.seed
    )


def draw_loans(
    rows: Sequence[LabelledRow],
    *,
    num_loans: int,
    default_ratio: float | None = None,
    seed: int,
) -> list[LabelledRow]:
    """Returns loans drawn at random, in their order.

    Args:
        rows: what to draw from.
        num_loans: most loans to return.
        default_ratio: share of defaults among those returned, as far as there are enough; None for
            the share that they have.
        seed: decides the draw.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    if default_ratio is None:
        return [rows[i] for i in sorted(order[:num_loans])]
    defaults = [i for i in order if rows[i].example.risk_probability == 1]
    defaults = defaults[: round(num_loans * default_ratio)]
    repaid = [i for i in order if rows[i].example.risk_probability == 0]
    return [rows[i] for i in sorted([*defaults, *repaid[: num_loans - len(defaults)]])]


def _require_no_leak(parts: dict[str, list[LabelledRow]]) -> None:
    require_in_time(
        {name: {row.example.id: _month(row) for row in rows} for name, rows in parts.items()}
    )
    # Fields rendered alike make texts resemble one another by nature.
    examples = {name: [row.example for row in rows] for name, rows in parts.items()}
    require_no_leak(examples, texts=False)


def _origin(parts: dict[str, list[LabelledRow]], config: LendingClubData) -> Origin:
    outcome = {
        "lifetime": "a default at any time of the loan's life",
        "within_12_months": "a default within 12 months",
    }[config.outcome]
    return Origin(
        trained_on=f"{len(parts['train']):,} LendingClub loans issued before "
        f"{config.calibration_from}, a data set without an explicit licence: for measurement only, "
        "this model is not to be published",
        held_out=f"{len(parts['test']):,} loans issued from {config.test_from}",
        not_validated_on=(
            f"another outcome than {outcome}, which is what its risk score is the chance of",
            (
                "reasons of a denial: every row is a loan that was made, so categories and reasons "
                "mean nothing in this model beyond what it was started from"
            ),
        ),
    )
