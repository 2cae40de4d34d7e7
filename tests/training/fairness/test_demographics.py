"""Demographics: what is read, that it is read right, and that nothing else can get at it."""

import csv
import tomllib
from pathlib import Path

import pytest

from data_pipeline.sources import hmda, hmda_legacy
from data_pipeline.sources.errors import ColumnsError
from data_pipeline.sources.labels import HMDA_LABEL_COLUMNS
from training.errors import EvaluationError
from training.fairness.demographics import (
    CHARACTERISTIC_BY_NAME,
    CHARACTERISTICS,
    DEMOGRAPHIC_COLUMNS,
    read_demographics,
)
from training.fairness.register import read_register

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"


def written(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def groups_of(path):
    return [groups for _, groups in read_demographics(path)]


def test_no_demographic_column_is_one_that_a_model_or_a_label_is_made_from():
    assert not DEMOGRAPHIC_COLUMNS & hmda.INPUT_COLUMNS
    assert not DEMOGRAPHIC_COLUMNS & hmda_legacy.INPUT_COLUMNS
    assert not DEMOGRAPHIC_COLUMNS & HMDA_LABEL_COLUMNS


def test_import_rules_keep_demographics_from_training_and_scoring():
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    by_target = {
        (rule["type"], *rule.get("protected_modules", rule.get("forbidden_modules", ()))): rule
        for rule in rules["contracts"]
        if rule["type"] != "layers"
    }
    assert by_target["protected", "training.fairness.demographics"]["allowed_importers"] == [
        "training.fairness"
    ]
    assert by_target["protected", "training.fairness"]["allowed_importers"] == [
        "training.evaluation_commands"
    ]
    kept_out = by_target["forbidden", "training.fairness"]["source_modules"]
    assert {"data_pipeline", "model_store", "serving", "training.run", "training.loop"} <= set(
        kept_out
    )


def test_the_groups_of_the_later_schema_are_the_registers_own_aggregates(tmp_path):
    base = dict.fromkeys(DEMOGRAPHIC_COLUMNS, "")
    rows = [
        base
        | {
            "derived_race": "Asian",
            "derived_ethnicity": "Joint",
            "derived_sex": "Female",
            "applicant_age_above_62": "Yes",
            "tract_minority_population_percent": "50",
        },
        base
        | {
            "derived_race": "Race Not Available",
            "derived_ethnicity": "Ethnicity Not Available",
            "derived_sex": "Sex Not Available",
            "applicant_age_above_62": "NA",
            "tract_minority_population_percent": "49.99",
        },
    ]
    assert groups_of(written(tmp_path / "lar.csv", rows)) == [
        {
            "race": "Asian",
            "ethnicity": "Joint",
            "sex": "Female",
            "age": "62 or older",
            "neighbourhood": "50 % minority or more",
        },
        {"neighbourhood": "under 50 % minority"},
    ]


def test_free_text_alone_tells_no_group(tmp_path):
    free = dict.fromkeys(("derived_race", "derived_ethnicity"), "Free Form Text Only")
    row = dict.fromkeys(DEMOGRAPHIC_COLUMNS, "") | free | {"derived_sex": "Male"}
    assert groups_of(written(tmp_path / "lar.csv", [row])) == [{"sex": "Male"}]


def test_a_row_whose_tract_is_not_known_belongs_to_no_neighbourhood(tmp_path):
    base = dict.fromkeys(DEMOGRAPHIC_COLUMNS, "") | {"derived_sex": "Male"}
    rows = [
        base | {"tract_minority_population_percent": percent} for percent in ("0", "0.0", "0.1")
    ]
    found = groups_of(written(tmp_path / "lar.csv", rows))
    assert [groups.get("neighbourhood") for groups in found] == [None, None, "under 50 % minority"]


def test_labels_and_codes_of_the_earlier_schema_say_the_same(tmp_path):
    labels = {
        "applicant_race_1": "Black or African American",
        "applicant_ethnicity": "Hispanic or Latino",
        "applicant_sex": "Female",
    }
    codes = {"applicant_race_1": "3", "applicant_ethnicity": "1", "applicant_sex": "2"}
    unknown = {"applicant_race_1": "6", "applicant_ethnicity": "4", "applicant_sex": "3"}
    told, coded, nothing = groups_of(written(tmp_path / "lar.csv", [labels, codes, unknown]))
    assert told == coded
    assert told == {
        "race": "Black or African American",
        "ethnicity": "Hispanic or Latino",
        "sex": "Female",
    }
    assert nothing == {}


@pytest.mark.parametrize("name", ["hmda_sample.csv", "hmda_legacy_sample.csv"])
def test_every_row_of_a_real_register_tells_groups_that_have_their_reference(name):
    found = groups_of(DATA / name)
    assert len(found) == 40
    for characteristic in {key for groups in found for key in groups}:
        groups = {row[characteristic] for row in found if characteristic in row}
        assert CHARACTERISTIC_BY_NAME[characteristic].reference in groups
        assert not any("not a" in group.lower() for group in groups)
    expected = {c.name for c in CHARACTERISTICS} - ({"age"} if "legacy" in name else set())
    assert {key for groups in found for key in groups} == expected


def test_a_file_without_demographic_columns_is_refused(tmp_path):
    path = written(tmp_path / "lar.csv", [{"loan_amount": "1", "action_taken": "1"}])
    with pytest.raises(ColumnsError, match="no demographic column"):
        next(read_demographics(path))


def test_a_cell_that_cannot_be_read_tells_no_group(tmp_path):
    row = {"derived_sex": "Male", "tract_minority_population_percent": "much"}
    assert groups_of(written(tmp_path / "lar.csv", [row])) == [{"sex": "Male"}]


def test_a_model_reads_the_same_whatever_the_demographic_columns_say(tmp_path):
    rows = rows_of(DATA / "hmda_sample.csv")
    changed = [row | dict.fromkeys(DEMOGRAPHIC_COLUMNS & set(row), "Joint") for row in rows]
    before = read_register(DATA / "hmda_sample.csv", max_rows=0, seed=1)
    after = read_register(written(tmp_path / "lar.csv", changed), max_rows=0, seed=1)
    assert after.texts == before.texts
    assert after.groups != before.groups
    assert (after.approved_N == before.approved_N).all()


def test_rows_and_groups_meet_by_row_number(tmp_path):
    rows = rows_of(DATA / "hmda_sample.csv")
    decided = [row for row in rows if row["action_taken"] in {"1", "3"}]
    found = read_register(DATA / "hmda_sample.csv", max_rows=0, seed=1)
    assert found.num_decided == len(decided) == len(found) + found.num_left_out
    for number, sex, approved, lender in zip(
        found.ids, found.groups["sex"], found.approved_N, found.lenders, strict=True
    ):
        row = rows[int(number) - 1]
        assert sex == row["derived_sex"].replace("Sex Not Available", "")
        assert approved == (row["action_taken"] == "1")
        assert lender == row["lei"]


def test_a_limited_draw_is_even_and_its_seed_decides(register):
    drawn = [read_register(register, max_rows=50, seed=seed).ids for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {len(ids) for ids in drawn} == {50}
    assert list(drawn[0]) == sorted(drawn[0], key=int)
    assert read_register(register, max_rows=50, seed=1).num_decided == 400


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"text": "A loan."}], "is no HMDA register"),
        (
            [{"action_taken": "4", "loan_amount": "100000", "derived_sex": "Male"}],
            "holds no row that was originated or denied",
        ),
    ],
)
def test_a_file_that_is_no_register_with_decisions_is_refused(tmp_path, rows, told):
    with pytest.raises(EvaluationError, match=told):
        read_register(written(tmp_path / "lar.csv", rows), max_rows=0, seed=1)
