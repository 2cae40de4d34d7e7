"""A run on public HMDA registers: lenders that training never saw held out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from data_pipeline.examples import UNKNOWN
from data_pipeline.source_examples import LabelledRow, LabelRules
from data_pipeline.splits import SplitError, group_parts, require_disjoint, require_no_leak
from training.data_config import HmdaData
from training.evaluation.labelled import labelled_from_rows
from training.run_data.files import rows_of_files
from training.run_data.parts import (
    Origin,
    RunData,
    applications_of,
    files_digests,
    require_files,
)

_PARTS = ("train", "calibration", "test")


def hmda_data(config: HmdaData) -> RunData:
    """Reads registers and splits them by lender.

    Only rows that were denied or originated count. Of the lenders measured on every denied row is
    kept, and originated rows as far as `max_test_rows` leaves room.

    Raises:
        ConfigError: no file is named.
        DataError: a file cannot be read, there are too few lenders, or the split leaks.
    """
    require_files(config.files, section="hmda")
    unlisted = config.unlisted_target
    rules = LabelRules(unlisted_target=UNKNOWN if unlisted is None else unlisted)
    rows, num_left_out = rows_of_files(config.files, format="hmda", rules=rules)
    parts = _split([row for row in rows if is_denied(row) or _is_originated(row)], config)
    parts = _drawn(parts, config)
    _require_no_leak(parts)
    digests = files_digests(config.files, source="hmda")
    test = labelled_from_rows(
        parts["test"],
        name="HMDA, held-out lenders",
        sha256=digests["hmda"],
        num_left_out=num_left_out,
    )
    return RunData(
        source="hmda",
        train=[row.example for row in parts["train"]],
        calibration=[row.example for row in parts["calibration"]],
        refit=[row.example for row in _as_learned(parts["calibration"], config)],
        test=test,
        figures_name="held_out_lenders",
        digests=digests,
        origin=_origin(parts),
        applications=applications_of(*parts.values()),
    )


def is_denied(row: LabelledRow) -> bool:
    """Tells whether the row was denied."""
    return bool(row.example.coarse_sets) or 1.0 in row.example.category_targets


def _is_originated(row: LabelledRow) -> bool:
    return not any(row.example.category_targets)


def _split(rows: Sequence[LabelledRow], config: HmdaData) -> dict[str, list[LabelledRow]]:
    num_rows = Counter(row.example.group for row in rows)
    num_denied = Counter(row.example.group for row in rows if is_denied(row))
    limit = config.dominant_lender_ratio * len(rows)
    # A lender without denied rows counts a little, so that such lenders are spread, too.
    sizes = {lender: num_denied[lender] + 1 for lender, num in num_rows.items() if num <= limit}
    part_of = group_parts(
        sizes,
        shares={
            "train": 1 - config.test_ratio - config.calibration_ratio,
            "calibration": config.calibration_ratio,
            "test": config.test_ratio,
        },
        seed=config.seed,
    )
    parts: dict[str, list[LabelledRow]] = {name: [] for name in _PARTS}
    for row in rows:
        parts[part_of.get(row.example.group, "train")].append(row)
    for name, found in parts.items():
        if not any(is_denied(row) for row in found):
            raise SplitError(
                f"found no denied row for {name}: give registers of more lenders, or another seed"
            )
    return parts


def _drawn(parts: dict[str, list[LabelledRow]], config: HmdaData) -> dict[str, list[LabelledRow]]:
    """What is drawn of each part; learning and calibrating together stay below their limit."""
    share = config.calibration_ratio / (1 - config.test_ratio)
    num_calibration = config.num_calibration or round(config.max_train_rows * share)
    calibration = _drawn_evenly(parts["calibration"], num_rows=num_calibration, seed=config.seed)
    train = draw_rows(
        _capped(parts["train"], config),
        num_rows=config.max_train_rows - len(calibration),
        denied_ratio=config.denied_ratio,
        seed=config.seed,
    )
    test = parts["test"]
    if config.max_test_rows is not None:
        test = draw_rows(test, num_rows=config.max_test_rows, seed=config.seed)
    return {"train": train, "calibration": calibration, "test": test}


def _as_learned(rows: Sequence[LabelledRow], config: HmdaData) -> list[LabelledRow]:
    """Returns rows drawn as those to learn from are."""
    return draw_rows(
        _capped(rows, config),
        num_rows=len(rows),
        denied_ratio=config.denied_ratio,
        seed=config.seed,
    )


def _drawn_evenly(rows: Sequence[LabelledRow], *, num_rows: int, seed: int) -> list[LabelledRow]:
    order = np.random.default_rng(seed).permutation(len(rows))
    return [rows[i] for i in sorted(order[:num_rows])]


def draw_rows(
    rows: Sequence[LabelledRow], *, num_rows: int, denied_ratio: float | None = None, seed: int
) -> list[LabelledRow]:
    """Returns rows drawn at random, in their order.

    Args:
        rows: what to draw from.
        num_rows: most rows to return.
        denied_ratio: share of denied rows among those returned; where there are fewer, the others
            are fewer, too. None takes every denied row and fills up.
        seed: decides the draw.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    denied = [i for i in order if is_denied(rows[i])]
    others = [i for i in order if not is_denied(rows[i])]
    if denied_ratio is None:
        denied = denied[:num_rows]
        others = others[: num_rows - len(denied)]
    else:
        denied = denied[: round(num_rows * denied_ratio)]
        others = others[: round(len(denied) * (1 - denied_ratio) / denied_ratio)]
    return [rows[i] for i in sorted([*denied, *others])]


def _capped(rows: Sequence[LabelledRow], config: HmdaData) -> list[LabelledRow]:
    """At most so many denied rows, and as many others, of each lender."""
    limit = config.max_lender_rows
    if limit is None:
        return list(rows)
    order = np.random.default_rng(config.seed).permutation(len(rows))
    kept: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
    for i in order:
        found = kept[rows[i].example.group, is_denied(rows[i])]
        if len(found) < limit:
            found.append(int(i))
    return [rows[i] for i in sorted(i for found in kept.values() for i in found)]


def _require_no_leak(parts: dict[str, list[LabelledRow]]) -> None:
    lenders = {
        name: {row.example.id: row.example.group for row in rows} for name, rows in parts.items()
    }
    require_disjoint(lenders, kind="lender")
    # Rows rendered from fields alone resemble one another by nature.
    examples = {name: [row.example for row in rows] for name, rows in parts.items()}
    require_no_leak(examples, texts=False)


def _origin(parts: dict[str, list[LabelledRow]]) -> Origin:
    train, test = parts["train"], parts["test"]
    return Origin(
        trained_on=f"{len(train):,} rows of the public HMDA loan application register, "
        f"{sum(map(is_denied, train)):,} of them denied, of {_num_lenders(train)} lenders; the "
        "denial reasons that a row lists are partial labels",
        held_out=f"{len(test):,} rows, {sum(map(is_denied, test)):,} of them denied, of "
        f"{_num_lenders(test)} lenders",
        not_validated_on=(
            (
                "defaults: the register does not say what became of a loan, so the risk score "
                "means nothing in this model beyond what it was started from"
            ),
            (
                "whole denials: a lender lists at most four reasons and often one, codes 1 and 3 "
                "cover several categories, and a listed reason need not be the true one"
            ),
        ),
    )


def _num_lenders(rows: Iterable[LabelledRow]) -> int:
    return len({row.example.group for row in rows})
