from collections import Counter

import pytest

from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.examples import UNKNOWN
from data_pipeline.splits import LeakError, SplitError, require_no_leak
from training.data_config import HmdaData
from training.errors import ConfigError
from training.run_data.hmda import hmda_data

LENDERS = {f"lender {n}": 6 + n for n in range(12)}


def denied(examples):
    return [e for e in examples if e.coarse_sets or 1.0 in e.category_targets]


def lenders(examples):
    return {e.group for e in examples}


def test_no_lender_is_in_two_parts_and_every_part_has_denied_rows(new_register):
    data = hmda_data(HmdaData(files=(new_register(LENDERS),)))
    parts = {"train": data.train, "calibration": data.calibration, "test": data.test.examples}
    require_no_leak(parts, texts=False)
    assert set().union(*(lenders(part) for part in parts.values())) == set(LENDERS)
    assert all(denied(part) for part in parts.values())
    assert {text.lender for text in data.test.facts} == lenders(data.test.examples)
    one_more = [*data.train, data.test.examples[0]]
    with pytest.raises(LeakError, match="group"):
        require_no_leak({"train": one_more, "test": data.test.examples[1:]}, texts=False)


def test_each_of_several_files_is_named_by_its_own_digest_too(new_register):
    files = tuple(new_register(LENDERS, name=name) for name in ("a.csv", "b.csv"))
    files[1].write_text(files[1].read_text().replace("105000", "104000"))
    digests = hmda_data(HmdaData(files=files)).digests
    assert set(digests) == {"hmda", "hmda, file 1", "hmda, file 2"}
    for number, path in enumerate(files, start=1):
        alone = hmda_data(HmdaData(files=(path,))).digests
        assert alone == {"hmda": digests[f"hmda, file {number}"]}


def test_a_dominant_lender_is_learned_from_and_its_rows_are_limited(new_register):
    register = new_register(LENDERS | {"giant": 200})
    config = HmdaData(files=(register,), dominant_lender_ratio=0.3, max_lender_rows=5)
    data = hmda_data(config)
    assert "giant" in lenders(data.train)
    assert len([e for e in denied(data.train) if e.group == "giant"]) == 5
    assert "giant" not in lenders([*data.calibration, *data.test.examples])


def test_denied_rows_dominate_what_is_learned_and_all_of_them_are_measured(new_register):
    register = new_register(LENDERS)
    data = hmda_data(
        HmdaData(files=(register,), max_train_rows=50, max_test_rows=60, denied_ratio=0.8)
    )
    assert len(data.train) + len(data.calibration) <= 50
    assert len(denied(data.train)) == round(0.8 * len(data.train))
    assert len(data.test) == 60
    expected = sum(LENDERS[lender] for lender in lenders(data.test.examples))
    assert len(denied(data.test.examples)) == expected


def test_a_reason_that_is_not_listed_is_a_weak_negative_unless_a_coarse_code_may_mean_it(
    new_register,
):
    data = hmda_data(HmdaData(files=(new_register(LENDERS),), unlisted_target=0.1))
    collateral = CATEGORIES.index(DenialCategory.COLLATERAL)
    for example in denied(data.train):
        coarse = {c for group in example.coarse_sets for c in group}
        for category, target in enumerate(example.category_targets):
            assert target == (UNKNOWN if category in coarse else target)
            assert target in {UNKNOWN, 0.1, 1.0}
        if example.category_order == (collateral,):
            assert example.category_targets.count(0.1) == len(CATEGORIES) - 1
    originated = [e for e in data.train if e not in denied(data.train)]
    assert {t for e in originated for t in e.category_targets} == {0.0}


def test_unlisted_reasons_may_stay_unknown(new_register):
    data = hmda_data(HmdaData(files=(new_register(LENDERS),), unlisted_target=None))
    assert {t for e in denied(data.train) for t in e.category_targets} == {UNKNOWN, 1.0}


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(new_register):
    register = new_register(LENDERS)
    config = HmdaData(files=(register,), max_train_rows=40)
    first, again = hmda_data(config), hmda_data(config)
    assert (first.train, first.test_digest) == (again.train, again.test_digest)
    assert hmda_data(config.model_copy(update={"seed": 1})).train != first.train


def test_several_registers_are_one_and_their_rows_keep_apart(new_register):
    first, second = new_register(LENDERS), new_register({"a": 9, "b": 8}, name="other.csv")
    data = hmda_data(HmdaData(files=(first, second), denied_ratio=0.5))
    ids = [e.id for e in (*data.train, *data.calibration, *data.test.examples)]
    assert len(set(ids)) == len(ids) == 2 * sum(LENDERS.values()) + 34
    assert set(data.applications) == set(ids)


def test_registers_of_one_name_in_several_folders_keep_apart(new_register, tmp_path):
    for year in ("a", "b"):
        (tmp_path / year).mkdir()
    files = tuple(new_register(LENDERS, name=name) for name in ("a/lar.csv", "b/lar.csv"))
    data = hmda_data(HmdaData(files=files, denied_ratio=0.5))
    ids = [e.id for e in (*data.train, *data.calibration, *data.test.examples)]
    assert len(set(ids)) == len(ids) == len(data.applications) == 4 * sum(LENDERS.values())
    assert {name.rpartition("/")[0] for name in ids} == {"1/lar.csv", "2/lar.csv"}


def test_rows_to_calibrate_on_are_denied_as_often_as_those_of_their_lenders(new_register):
    config = HmdaData(files=(new_register(LENDERS),), denied_ratio=0.9, num_calibration=1000)
    calibration = hmda_data(config).calibration
    assert len(denied(calibration)) / len(calibration) == 0.5
    few = hmda_data(config.model_copy(update={"num_calibration": 4})).calibration
    assert len(few) == 4


def test_a_run_without_a_register_or_with_too_few_lenders_is_refused(new_register):
    with pytest.raises(ConfigError, match="--data"):
        hmda_data(HmdaData())
    with pytest.raises(SplitError):
        hmda_data(HmdaData(files=(new_register({"a": 5, "b": 5}),)))


def test_codes_that_cover_several_categories_are_counted_as_one(new_register):
    data = hmda_data(HmdaData(files=(new_register(LENDERS),)))
    assert data.test.groups == ((0, 1), (3, 4, 5, 6))
    assert not data.test.truth.target_NC[:, [1, 4, 5, 6]].any()
    assert data.test.truth.target_NC[:, [0, 3]].any(axis=0).all()
    assert not data.test.truth.complete_N.any()


def test_what_a_second_network_learns_from_besides_is_drawn_like_the_rest(new_register):
    register = new_register({f"lender {n}": 20 for n in range(12)})
    config = HmdaData(files=(register,), denied_ratio=0.8, calibration_ratio=0.3)
    data = hmda_data(config)
    calibrating = {e.id for e in data.calibration}
    assert {e.id for e in data.refit} < calibrating
    assert {e.id for e in denied(data.refit)} == {e.id for e in denied(data.calibration)}
    assert len(denied(data.refit)) == round(0.8 * len(data.refit))
    limited = hmda_data(config.model_copy(update={"max_lender_rows": 2}))
    numbers = Counter(e.group for e in denied(limited.refit))
    assert set(numbers) == lenders(limited.calibration)
    assert max(numbers.values()) == 2
