import ast
from dataclasses import fields, is_dataclass
from pathlib import Path
from random import Random
from typing import get_args, get_type_hints

import numpy as np
import pytest

import data_pipeline.generator as package
from data_pipeline.generator.demographics import SyntheticDemographics, draw_demographics
from data_pipeline.generator.examples import examples_from_simulation
from data_pipeline.generator.facts import SyntheticApplicant
from data_pipeline.generator.output import row_of, write_simulation
from data_pipeline.generator.simulation import SyntheticFile, simulate

FOLDER = Path(package.__file__).parent
FIELDS = {field.name for field in fields(SyntheticDemographics)} - {"id"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_only_the_writer_of_the_table_imports_demographics():
    readers = {
        path.name
        for path in FOLDER.rglob("*.py")
        if any("demographics" in module for module in imported(path))
    }
    assert readers == {"output.py"}


def test_nothing_else_of_the_package_or_of_training_imports_demographics():
    house = FOLDER.parents[1]
    for folder in ("data_pipeline", "training", "model_store", "serving"):
        for path in (house / folder).rglob("*.py"):
            if path.parent != FOLDER:
                assert not any("generator.demographics" in name for name in imported(path)), path


def field_names(record):
    for name, hint in get_type_hints(record).items():
        yield name
        for kind in (hint, *get_args(hint)):
            if is_dataclass(kind):
                yield from field_names(kind)


@pytest.mark.parametrize("record", [SyntheticApplicant, SyntheticFile])
def test_no_record_that_a_text_is_made_from_can_hold_demographics(record):
    names = set(field_names(record))
    assert "monthly_debts_usd" in names
    assert names.isdisjoint(FIELDS | {"age", "gender", "name", "demographics"})


def test_permuting_demographics_changes_no_text_no_label_and_no_example():
    def seen_by_training(files):
        rows = [row_of(file, with_fields=True) for file in files]
        return rows, list(examples_from_simulation(files, with_fields=True))

    files = list(simulate(60, seed=3))
    incomes = [f.applicant.capacity.annual_income_usd for f in files]
    before = seen_by_training(files)
    people = [
        draw_demographics(f.id, annual_income_usd=income, seed=1)
        for f, income in zip(files, incomes, strict=True)
    ]
    Random(5).shuffle(people)
    assert [p.id for p in people] != [f.id for f in files]
    assert seen_by_training(list(simulate(60, seed=3))) == before


def test_asking_for_the_table_changes_no_row(tmp_path):
    plain, beside = tmp_path / "plain.jsonl", tmp_path / "beside.jsonl"
    write_simulation(plain, num_files=40, seed=6)
    write_simulation(beside, num_files=40, seed=6, demographics=tmp_path / "people.jsonl")
    assert plain.read_bytes() == beside.read_bytes()
    assert len((tmp_path / "people.jsonl").read_text().splitlines()) == 40


def test_the_table_is_the_same_for_the_same_seed_and_differs_for_another():
    drawn = [draw_demographics("sim-1-1", annual_income_usd=7e4, seed=s) for s in range(20)]
    assert drawn == [draw_demographics("sim-1-1", annual_income_usd=7e4, seed=s) for s in range(20)]
    assert len(set(drawn)) > 10


def test_groups_differ_in_income_a_little_so_that_fairness_can_be_measured():
    incomes = np.exp(np.random.default_rng(0).normal(np.log(8e4), 0.45, size=6_000))
    people = [
        draw_demographics(f"sim-0-{i}", annual_income_usd=float(x), seed=0)
        for i, x in enumerate(incomes)
    ]
    by_sex = {
        sex: np.mean([x for x, p in zip(incomes, people, strict=True) if p.sex == sex])
        for sex in ("female", "male")
    }
    assert 1.02 < by_sex["male"] / by_sex["female"] < 1.25
    assert {p.ethnicity for p in people} == {"Hispanic or Latino", "Not Hispanic or Latino"}
    assert all(18 <= p.age_years <= 90 for p in people)
