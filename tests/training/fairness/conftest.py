"""Register rows and outcomes made up for the tests of the fairness report."""

import csv
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.fairness.register import RegisterRows
from training.fairness.tallies import Outcomes

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def new_rows() -> Callable[..., RegisterRows]:
    """Builds register rows from their groups and decisions."""

    def build(
        *, approved: list[bool], lenders: list[str] | None = None, **groups: list[str]
    ) -> RegisterRows:
        num_rows = len(approved)
        return RegisterRows(
            name="made-up.csv",
            sha256="a" * 64,
            num_decided=num_rows,
            num_left_out=0,
            ids=tuple(str(n + 1) for n in range(num_rows)),
            texts=tuple(f"text {n}" for n in range(num_rows)),
            lenders=tuple(lenders or [""] * num_rows),
            approved_N=np.array(approved, dtype=bool),
            groups={name: tuple(values) for name, values in groups.items()},
        )

    return build


@pytest.fixture(scope="session")
def new_outcomes() -> Callable[..., Outcomes]:
    """Builds outcomes; a score not given follows from what is favourable."""

    def build(
        *,
        favourable: list[bool],
        approved: list[bool],
        risk: list[float] | None = None,
        score: list[float] | None = None,
    ) -> Outcomes:
        given_N = np.array(favourable, dtype=bool)
        return Outcomes(
            favourable_N=given_N,
            risk_N=np.array(risk if risk is not None else np.where(given_N, 5.0, 20.0)),
            score_N=np.array(score if score is not None else np.where(given_N, 0.1, 0.9)),
            approved_N=np.array(approved, dtype=bool),
        )

    return build


@pytest.fixture(scope="session")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register of 400 decided rows by 20 lenders, drawn from the real sample."""
    with (DATA / "hmda_sample.csv").open(newline="") as file:
        sample = [row for row in csv.DictReader(file) if row["action_taken"] in {"1", "3"}]
    generator = random.Random(1)
    path = tmp_path_factory.mktemp("register") / "lar.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(sample[0]))
        writer.writeheader()
        for number in range(400):
            race = ["White", "Black or African American", "Asian"][number % 3]
            changes = {
                "lei": f"LENDER{number % 20:03d}",
                "action_taken": "1" if generator.random() < 0.7 else "3",
                "derived_race": "Native Hawaiian or Other Pacific Islander"
                if number < 7
                else "Race Not Available"
                if number % 11 == 0
                else race,
                "derived_sex": "Female" if number % 2 else "Male",
                "derived_ethnicity": "Not Hispanic or Latino",
                "income": str(20 + generator.randrange(200)),
            }
            writer.writerow(generator.choice(sample) | changes)
    return path
