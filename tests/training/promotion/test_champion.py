"""Promotion and rollback: each refusal with its own sentence, each answer back as it was."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model_store.artifact import read_manifest, save_artifact
from model_store.errors import (
    ArtifactMismatchError,
    ArtifactMissingError,
    ArtifactTamperedError,
    ForeignModelError,
    ModelReferenceError,
    UnknownModelError,
)
from model_store.predictor import Predictor
from model_store.registry.models import ModelRegistry, resolve_model
from model_store.registry.reference import ModelReference
from model_store.registry.registration import attach_report, register_model
from training.errors import PromotionError
from training.fairness.figures import FAIRNESS_FIGURE_BY_NAME
from training.promotion.champion import promote
from training.promotion.comparison import DISPARITIES
from training.promotion.gate import SWAP_LIMITS, SWAP_TESTS
from training.promotion.records import (
    DataSetRecord,
    EvaluationRecord,
    FairnessRecord,
    FaithfulnessRecord,
    GroupRecord,
    MetricRecord,
    RatioScores,
)
from training.promotion.registered_reports import keep_report, merge_evaluations
from training.promotion.roles import give_role, role_changes, rollback

CARD = "# tiny\n\n## Not validated on\n\n- anything: random weights.\n\n## Not for\n\nUse.\n"
TEXTS = ["Back-end DTI of 51.2% is over the limit.", "Bankruptcy in 2022.", ""]
NUM_EXAMPLES = 100
REASON = "better on every figure"


@pytest.fixture(scope="module")
def stored(new_artifact, tmp_path_factory):
    """Directories of four models that give other answers."""
    folder = tmp_path_factory.mktemp("stored")
    for seed in range(4):
        artifact = dataclasses.replace(new_artifact(seed=seed), card=CARD)
        save_artifact(artifact, folder / str(seed), storage="fp32")
    return [folder / str(seed) for seed in range(4)]


@pytest.fixture
def registry(mlflow_uri):
    return ModelRegistry.open()


def figure(num_right):
    hits = [1.0] * num_right + [0.0] * (NUM_EXAMPLES - num_right)
    scores = RatioScores(numerators=hits, denominators=[1.0] * NUM_EXAMPLES)
    return MetricRecord(value=float(np.mean(hits)), scores=scores)


def digest(content):
    return hashlib.sha256(content.encode()).hexdigest()


def data_set(right=90, *, baseline=60, file="texts", **changes):
    names = ("primary_accuracy", "micro_f1")
    values = {
        "digest": digest(file),
        "order_digest": digest("ids"),
        "num_examples": NUM_EXAMPLES,
        "metrics": {name: figure(right) for name in names},
        "baselines": {
            "majority": {name: figure(10) for name in names},
            "tfidf": {name: figure(baseline) for name in names},
        },
    }
    return DataSetRecord(**{**values, **changes})


def evaluation(version, **data_sets):
    return EvaluationRecord(
        model_digest=version.digest,
        model_version=version.model_version,
        created="2026-11-20",
        headline="texts",
        data_sets=data_sets or {"texts": data_set()},
        swaps={test: dict.fromkeys(SWAP_LIMITS, MetricRecord(value=0.0)) for test in SWAP_TESTS},
    )


def disparity(value, *, low, high):
    return {"adverse_impact_ratio": MetricRecord(value=value, low=low, high=high)}


def fairness(version, *, women=None, file="lar", rows="rows", **changes):
    men = GroupRecord(num_examples=60, is_reference=True, metrics={})
    women = women or GroupRecord(num_examples=50, metrics=disparity(0.9, low=0.8, high=1.0))
    values = {
        "model_digest": version.digest,
        "model_version": version.model_version,
        "created": "2026-11-20",
        "data_digest": digest(file),
        "order_digest": digest(rows),
        "num_examples": 110,
        "attributes": {"sex": {"female": women, "male": men}},
    }
    return FairnessRecord(**{**values, **changes})


@pytest.fixture
def add(registry, stored):
    """Registers the next model with both reports, and gives the version."""
    directories = iter(stored)

    def register(*, reports=True, directory=None, **data_sets):
        version = register_model(registry, directory or next(directories), name="tiny")
        if reports:
            keep_report(registry, version, evaluation(version, **data_sets))
            keep_report(registry, version, fairness(version))
        return registry.find(ModelReference(name="tiny", version=version.version))

    return register


@pytest.fixture
def give(registry):
    """Promotes a version by its number."""

    def promoted(number, *, name="tiny", reason=REASON, **options):
        return promote(
            registry, ModelReference(name=name, version=number), reason=reason, **options
        )

    return promoted


def refusal(give, number, kind=PromotionError, **options):
    with pytest.raises(kind) as caught:
        give(number, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 450
    return message


def champion(registry):
    holder = registry.holder("tiny", "champion")
    return None if holder is None else holder.version


def files_of(version):
    return Path(version.source.removeprefix("file://"))


def answers():
    return Predictor.load(resolve_model("models:/tiny@champion")).predict(TEXTS)


def test_the_first_version_with_reports_becomes_champion(registry, add, give):
    add()
    change = give(1)
    assert (change.version, change.previous_version) == (1, None)
    assert champion(registry) == 1


def test_a_better_version_follows_the_champion(registry, add, give):
    add()
    add(texts=data_set(95))
    give(1)
    assert give(2).previous_version == 1
    assert champion(registry) == 2


def test_1_an_unknown_model_is_refused(add, give):
    add()
    assert "no registered model 'big'" in refusal(give, 1, UnknownModelError, name="big")


def test_1_an_unknown_version_is_refused(add, give):
    add()
    assert "'tiny' has no version 9" in refusal(give, 9, UnknownModelError)


def test_1_an_entry_of_a_foreign_kind_is_refused(registry, add, give):
    add()
    registry.client.create_model_version("tiny", "file:///nowhere")
    assert "was not registered by this project" in refusal(give, 2, ForeignModelError)


def test_2_a_version_without_evaluation_is_refused(registry, add, give):
    version = add(reports=False)
    keep_report(registry, version, fairness(version))
    assert "models:/tiny/1 has no evaluation: run `wherefore evaluate`" in refusal(give, 1)


def test_3_a_version_without_fairness_report_is_refused(registry, add, give):
    version = add(reports=False)
    keep_report(registry, version, evaluation(version))
    assert "models:/tiny/1 has no fairness report" in refusal(give, 1)


@pytest.mark.parametrize(
    ("ours", "found"),
    [
        ({"texts": data_set(file="other texts")}, f"found {digest('other texts')[:12]}"),
        ({"texts": data_set(order_digest=digest("other ids"))}, "in one order"),
        (
            {"texts": data_set(), "more": data_set(file="more")},
            None,
        ),
    ],
)
def test_4_an_evaluation_on_other_data_than_the_champions_is_refused(add, give, ours, found):
    add()
    add(**ours)
    give(1)
    if found is None:
        assert give(2).version == 2  # more data than the champion's is no harm
    else:
        message = refusal(give, 2)
        assert "were not evaluated on the same texts" in message
        assert found in message


def test_4_a_data_set_of_the_champion_that_is_left_out_is_refused(add, give):
    add(texts=data_set(), more=data_set(file="more"))
    add()
    give(1)
    assert "on the same more: " in (message := refusal(give, 2))
    assert "found no such data set" in message


def test_4_a_champion_that_was_never_evaluated_is_named(registry, add, give):
    registry.set_alias(add(reports=False), "champion")
    add()
    assert "models:/tiny/1, which serves now, has no evaluation" in refusal(give, 2)


def test_5_a_version_that_is_level_with_the_best_baseline_is_refused(add, give):
    add(texts=data_set(62, baseline=61))
    message = refusal(give, 1)
    assert "does not beat the best baseline on texts: primary_accuracy 0.620" in message
    assert "0.610 of tfidf, 95 % interval" in message


def test_5_a_version_that_was_compared_with_no_baseline_is_refused(add, give):
    add(texts=data_set(baselines={}))
    assert "compares primary_accuracy on texts with no baseline" in refusal(give, 1)


def test_5_a_version_that_a_baseline_beats_on_another_data_set_is_refused(add, give):
    add(texts=data_set(), more=data_set(50, baseline=80))
    assert "is worse than the best baseline on more: primary_accuracy" in refusal(give, 1)


def test_6_a_figure_that_falls_by_more_than_chance_is_refused(add, give):
    add()
    add(texts=data_set(90, metrics={"primary_accuracy": figure(90), "micro_f1": figure(80)}))
    give(1)
    message = refusal(give, 2)
    assert "falls behind on texts by more than chance: micro_f1 0.800 against 0.900" in message


def test_6_an_omission_rate_that_rises_by_more_than_chance_is_refused(add, give):
    for omitted in (1, 12):
        metrics = {**data_set().metrics, "omission_rate": figure(omitted)}
        add(texts=data_set(metrics=metrics))
    give(1)
    assert "omission_rate 0.120 against 0.010" in refusal(give, 2)


def test_6_a_figure_that_falls_within_chance_is_no_hindrance(registry, add, give):
    add(texts=data_set(90))
    add(texts=data_set(89))
    give(1)
    give(2)
    assert champion(registry) == 2


def test_6_a_figure_of_the_champion_that_is_not_given_is_refused(add, give):
    add(texts=data_set(metrics={**data_set().metrics, "omission_rate": figure(1)}))
    add()
    give(1)
    assert "does not give omission_rate on texts" in refusal(give, 2)


def test_7_a_report_of_another_model_is_refused(registry, add, give):
    version = add()
    other = evaluation(version).model_copy(update={"model_digest": digest("other")})
    content = other.model_dump_json().encode()
    attach_report(registry, version, content, kind="evaluation")
    message = refusal(give, 1)
    assert f"is of another model: expected digest {version.digest[:12]}" in message
    with pytest.raises(PromotionError, match="is of another model"):
        keep_report(registry, version, other)


def test_7_a_model_file_that_was_changed_is_refused(add, give):
    version = add()
    with (files_of(version) / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    message = refusal(give, 1, ArtifactTamperedError)
    assert message.startswith("models:/tiny/1/model.safetensors has sha256")


def test_7_a_report_that_was_changed_is_refused(add, give):
    version = add()
    (path,) = files_of(version).parent.glob("reports/*/evaluation.json")
    path.write_text(path.read_text().replace("0.9", "0.99"))
    message = refusal(give, 1, ArtifactTamperedError)
    assert "the evaluation report of models:/tiny/1 is not the one" in message


def test_7_a_version_whose_tag_names_another_digest_is_refused(registry, add, give):
    version = add()
    registry.tag(version, "wherefore.digest", digest("other"))
    assert f"its files have {version.digest[:12]}" in refusal(give, 1)


@pytest.mark.parametrize("key", ["taxonomy_version", "rendering_version", "masking_version"])
def test_8_a_model_of_another_taxonomy_rendering_or_masking_is_refused(registry, add, give, key):
    version = add()
    directory = files_of(version)
    taxonomy = json.loads((directory / "taxonomy.json").read_text())
    (directory / "taxonomy.json").write_text(json.dumps(taxonomy | {key: "0"}))
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["files"]["taxonomy.json"] = digest((directory / "taxonomy.json").read_text())
    (directory / "manifest.json").write_text(json.dumps(manifest))
    sha256 = digest((directory / "manifest.json").read_text())
    registry.tag(version, "wherefore.manifest_sha256", sha256)
    message = refusal(give, 1, ArtifactMismatchError)
    assert message.startswith(f"models:/tiny/1 was trained with another {key} ")


@pytest.mark.parametrize(
    "card",
    ["", "# tiny\n", "# tiny\n\n## Not validated on\n\n## Not for\n\nUse.\n",
     "# tiny\n\nNot validated on: anything.\n"],
)  # fmt: skip
def test_9_a_model_card_that_does_not_say_what_was_not_validated_is_refused(
    add, give, new_artifact, tmp_path, card
):
    artifact = dataclasses.replace(new_artifact(), card=card)
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    add(directory=tmp_path / "model")
    message = refusal(give, 1)
    assert "the model card of models:/tiny/1 does not say what the model was not" in message


def test_9_a_model_without_a_card_is_refused(registry, add, give):
    version = add()
    manifest = json.loads((files_of(version) / "manifest.json").read_text())
    (files_of(version) / "MODEL_CARD.md").unlink()
    del manifest["files"]["MODEL_CARD.md"]
    (files_of(version) / "manifest.json").write_text(json.dumps(manifest))
    sha256 = digest((files_of(version) / "manifest.json").read_text())
    registry.tag(version, "wherefore.manifest_sha256", sha256)
    assert "names other files than a model has" in refusal(give, 1, ArtifactTamperedError)


def test_9_a_directory_without_a_card_is_not_even_registered(registry, stored, tmp_path):
    directory = shutil.copytree(stored[0], tmp_path / "model")
    (directory / "MODEL_CARD.md").unlink()
    with pytest.raises(ArtifactMissingError, match=r"MODEL_CARD\.md is missing"):
        register_model(registry, directory, name="tiny")


def test_10_the_champion_itself_is_refused(add, give):
    add()
    give(1)
    assert "models:/tiny/1 is champion already" in refusal(give, 1)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_11_a_promotion_and_a_rollback_need_a_reason(registry, add, give, reason):
    add()
    assert "no reason is given: say in --reason why" in refusal(give, 1, reason=reason)
    with pytest.raises(PromotionError, match="no reason is given"):
        rollback(registry, "tiny", reason=reason)


def kept_fairness(registry, version, **changes):
    keep_report(registry, version, fairness(version, **changes))
    return registry.find(ModelReference(name="tiny", version=version.version))


def test_12_a_fairness_report_that_compares_no_group_is_refused(registry, add, give):
    small = GroupRecord(num_examples=9, is_judged=False, metrics={})
    kept_fairness(registry, add(), women=small)
    message = refusal(give, 1)
    assert "compares no group of applicants with another: expected at least two" in message
    assert "found 110 rows" in message
    assert "--fairness-rows" in message


@pytest.mark.parametrize("changes", [{"file": "other"}, {"rows": "others"}])
def test_13_a_fairness_report_on_other_rows_than_the_champions_is_refused(
    registry, add, give, changes
):
    add()
    kept_fairness(registry, add(), **changes)
    give(1)
    message = refusal(give, 2)
    assert "were not measured on the same rows of one register: expected digests" in message
    assert "with one --fairness" in message


def kept_faithfulness(registry, version, *, flips):
    report = FaithfulnessRecord(
        model_digest=version.digest,
        model_version=version.model_version,
        created="2026-11-20",
        samples="100 labelled texts",
        data_sets={"labelled": data_set(metrics={"flip_rate_exact": figure(flips)}, baselines={})},
    )
    keep_report(registry, version, report)


def test_14_a_version_that_explains_less_faithfully_than_the_champion_is_refused(
    registry, add, give
):
    kept_faithfulness(registry, add(), flips=80)
    give(1)
    second = add(texts=data_set(95))
    assert "models:/tiny/2 has no faithfulness report" in refusal(give, 2)
    kept_faithfulness(registry, second, flips=60)
    message = refusal(give, 2)
    assert "models:/tiny/2 explains less faithfully than models:/tiny/1" in message
    kept_faithfulness(registry, second, flips=81)
    assert give(2).version == 2


def test_13_a_champion_without_fairness_report_is_named(registry, add, give):
    first = add(reports=False)
    keep_report(registry, first, evaluation(first))
    registry.set_alias(first, "champion")
    add()
    assert "models:/tiny/1, which serves now, has no fairness report" in refusal(give, 2)


def test_14_a_disparity_that_grows_beyond_both_intervals_is_refused(registry, add, give):
    add()
    worse = GroupRecord(num_examples=50, metrics=disparity(0.7, low=0.65, high=0.75))
    kept_fairness(registry, add(), women=worse)
    give(1)
    message = refusal(give, 2)
    assert "has a larger disparity than models:/tiny/1, which serves now" in message
    assert "adverse_impact_ratio of female 0.700 (0.650 to 0.750) against 0.900" in message


def test_14_a_group_that_is_no_longer_judged_is_refused(registry, add, give):
    men = GroupRecord(num_examples=60, is_reference=True, metrics={})
    judged = GroupRecord(num_examples=50, metrics=disparity(0.9, low=0.8, high=1.0))
    small = GroupRecord(num_examples=9, is_judged=False, metrics={})
    for third in (judged, small):
        groups = {"male": men, "female": judged, "joint": third}
        kept_fairness(registry, add(), attributes={"sex": groups})
    give(1)
    assert "joint (sex) is not judged, which it was" in refusal(give, 2)


@pytest.mark.parametrize("now", [(0.85, 0.75, 0.95), (0.95, 0.9, 1.02), (1.3, 1.2, 1.4)])
def test_14_a_disparity_within_the_intervals_or_in_the_groups_favour_is_no_hindrance(
    registry, add, give, now
):
    value, low, high = now
    better = GroupRecord(num_examples=50, metrics=disparity(1.5, low=1.45, high=1.6))
    before = better if value > 1 else None
    kept_fairness(registry, add(), women=before)
    after = GroupRecord(num_examples=50, metrics=disparity(value, low=low, high=high))
    kept_fairness(registry, add(), women=after)
    give(1)
    assert give(2).version == 2


@pytest.mark.parametrize(
    ("measured", "refused"),
    [(("texts", False), True), (("texts", True), False), (("cross_validation", False), False)],
)
def test_15_an_evaluation_on_the_training_file_is_refused(
    new_artifact, tmp_path, add, give, *, measured, refused
):
    name, held_out = measured
    artifact = dataclasses.replace(new_artifact(), card=CARD)
    manifest = artifact.manifest.model_copy(update={"data_digests": {"corpus": digest("corpus")}})
    save_artifact(
        dataclasses.replace(artifact, manifest=manifest), tmp_path / "model", storage="fp32"
    )
    data_sets = {"texts": data_set(), name: data_set(file="corpus", held_out=held_out)}
    add(directory=tmp_path / "model", **data_sets)
    if not refused:
        assert give(1).version == 1
        return
    message = refusal(give, 1)
    assert "on a file that the model was trained on" in message
    assert f"found digest {digest('corpus')[:12]}... of its 'corpus'" in message


def test_15_an_evaluation_first_of_all_on_texts_that_calibrated_the_model_is_refused(add, give):
    add(texts=data_set(held_out=True, calibrates=True))
    assert "its thresholds and weights were fitted" in refusal(give, 1)
    add(texts=data_set(), calibrating=data_set(file="corpus", held_out=True, calibrates=True))
    assert give(2).version == 2


def test_15_an_evaluation_on_authors_whom_the_model_has_read_is_refused_in_any_file(add, give):
    add(texts=data_set(), extract=data_set(was_read=True))
    message = refusal(give, 1)
    assert "on extract is on texts by authors whose texts the model was trained on" in message


@pytest.mark.parametrize(
    ("moved", "refused"),
    [
        (("words swapped, as served, masked", "mean_risk_change", 1.2), True),
        (("words removed, as served, masked", "p99_risk_change", 5.1), True),
        (("words swapped, as served, masked", "category_flip_rate", 0.02), True),
        (("words swapped, as served, masked", "mean_risk_change", 0.9), False),
        (("words swapped, without the masker", "mean_risk_change", 1.2), True),
        (("words removed, without the masker", "p99_risk_change", 4.9), False),
    ],
)
def test_16_answers_that_move_with_words_of_prohibited_bases_are_refused(
    registry, add, give, moved, refused
):
    version, (test, name, value) = add(), moved
    told = evaluation(version)
    swaps = told.swaps | {test: told.swaps[test] | {name: MetricRecord(value=value)}}
    keep_report(registry, version, told.model_copy(update={"swaps": swaps}))
    if refused:
        message = refusal(give, 1)
        assert f"prohibited basis ({test}): {name} {value:.3f}, expected at most" in message
    else:
        assert give(1).version == 1


def test_a_fairness_report_on_a_register_that_was_learned_from_is_refused(
    registry, new_artifact, tmp_path, add, give
):
    artifact = dataclasses.replace(new_artifact(), card=CARD)
    manifest = artifact.manifest.model_copy(update={"data_digests": {"hmda": digest("lar")}})
    save_artifact(
        dataclasses.replace(artifact, manifest=manifest), tmp_path / "model", storage="fp32"
    )
    version = add(directory=tmp_path / "model")
    assert f"trained on: found digest {digest('lar')[:12]}" in refusal(give, 1)
    keep_report(registry, version, fairness(version, file="another year"))
    assert give(1).version == 1


@pytest.mark.parametrize("left", [(), *((test,) for test in SWAP_TESTS)])
def test_an_evaluation_without_every_swap_test_is_refused(registry, add, give, left):
    version = add()
    told = evaluation(version)
    swaps = {test: figures for test, figures in told.swaps.items() if left and test not in left}
    keep_report(registry, version, told.model_copy(update={"swaps": swaps}))
    message = refusal(give, 1)
    assert f"expected mean_risk_change of the test {(left or SWAP_TESTS)[0]!r}" in message
    assert "--swap-texts" in message


def test_of_a_swap_test_in_two_records_the_worse_figures_count(registry, add):
    version = add()
    better = evaluation(version)
    other = {"headline": "others", "data_sets": {"others": data_set()}}
    worse = better.model_copy(update=other)
    moved = {test: dict.fromkeys(SWAP_LIMITS, MetricRecord(value=2.0)) for test in SWAP_TESTS[:1]}
    for records in ([better, worse], [worse, better]):
        changed = [
            r.model_copy(update={"swaps": r.swaps | moved}) if r is worse else r for r in records
        ]
        merged = merge_evaluations(changed)
        assert {n: f.value for n, f in merged.swaps[SWAP_TESTS[0]].items()} == dict.fromkeys(
            SWAP_LIMITS, 2.0
        )
        assert {f.value for f in merged.swaps[SWAP_TESTS[1]].values()} == {0.0}


def test_a_cross_validation_counts_first_of_all_wherever_it_is(registry, add):
    version = add()
    texts = evaluation(version)
    crossed = texts.model_copy(
        update={"headline": "cross_validation", "data_sets": {"cross_validation": data_set()}}
    )
    for records in ([texts, crossed], [crossed, texts]):
        assert merge_evaluations(records).headline == "cross_validation"


def test_every_disparity_that_a_promotion_watches_is_a_figure_of_the_fairness_report():
    for name, (side, neutral) in DISPARITIES.items():
        figure = FAIRNESS_FIGURE_BY_NAME[name]
        assert (figure.adverse, figure.neutral) == (side, neutral), name


def test_reports_are_recorded_as_figures_of_the_run_that_made_the_model(registry, add):
    version = add()
    metrics = registry.client.get_run(version.run_id).data.metrics
    assert metrics["evaluation/texts/micro_f1"] == 0.9
    assert metrics["fairness/sex/female/adverse_impact_ratio"] == 0.9


def test_a_refused_promotion_changes_nothing(registry, add, give):
    add()
    add(texts=data_set(50))
    give(1)
    before = registry.model_tags("tiny")
    refusal(give, 2)
    assert champion(registry) == 1
    assert registry.model_tags("tiny") == before


def test_a_rollback_restores_the_answers_of_the_champion_before(registry, add, give):
    add()
    add(texts=data_set(95))
    give(1)
    first = answers()
    give(2)
    assert answers() != first
    change = rollback(registry, "tiny", reason="second thoughts")
    assert (change.version, change.previous_version) == (1, 2)
    assert answers() == first


def test_rollbacks_go_back_champion_by_champion(registry, add, give):
    for _ in range(4):
        add()
    for number in (1, 2, 3):
        give(number)
    assert rollback(registry, "tiny", reason="no").version == 2
    give(4)
    given = [rollback(registry, "tiny", reason="no").version for _ in range(2)]
    assert given == [2, 1]
    with pytest.raises(PromotionError, match="no version of 'tiny' was champion before models:/t"):
        rollback(registry, "tiny", reason="no")
    assert champion(registry) == 1


def test_10_a_rollback_without_a_champion_before_is_refused(registry, add):
    add()
    with pytest.raises(PromotionError, match="no version of 'tiny' was champion before anyone"):
        rollback(registry, "tiny", reason="no")
    with pytest.raises(UnknownModelError):
        rollback(registry, "big", reason="no")


def test_a_champion_that_came_by_other_means_is_one_to_go_back_to(registry, add, give):
    registry.set_alias(add(), "champion")
    add()
    give(2)
    assert rollback(registry, "tiny", reason="no").version == 1


def test_an_alias_moved_by_other_means_is_not_taken_for_a_promotion(registry, add, give):
    for _ in range(3):
        add()
    give(1)
    give(2)
    registry.set_alias(registry.find(ModelReference(name="tiny", version=3)), "champion")
    with pytest.raises(PromotionError, match="was champion before models:/tiny/3"):
        rollback(registry, "tiny", reason="no")


def test_a_promotion_that_died_between_note_and_change_is_none(registry, add, give):
    for _ in range(3):
        add()
    give(1)
    give(2)
    note = role_changes(registry, "tiny")[-1]
    never = note.model_copy(update={"version": 3, "previous_version": 2})
    version = registry.find(ModelReference(name="tiny", version=3))
    registry.tag(version, "wherefore.champion.000003", never.model_dump_json(), model=True)
    assert rollback(registry, "tiny", reason="no").version == 1


def test_a_promotion_that_another_one_overtook_is_refused_and_leaves_no_note(registry, add, give):
    versions = [add() for _ in range(3)]
    give(1)
    give(2)
    first = registry.find(ModelReference(name="tiny", version=1))
    with pytest.raises(PromotionError, match="somebody else changed who is champion of 'tiny'"):
        give_role(
            *(registry, versions[2]), role="champion", action="promote", holder=first, reason="late"
        )
    assert champion(registry) == 2
    assert [change.version for change in role_changes(registry, "tiny")] == [1, 2]
    third = registry.find(ModelReference(name="tiny", version=3))
    assert not any(key.startswith("wherefore.champion.") for key in third.tags)


class OvertakenRegistry(ModelRegistry):
    """A registry in which another promotion notes itself just before ours does."""

    def tag(self, version, key, value, *, model=False):
        other = key.rpartition(".")[0] + ".00000000"
        super().tag(version, other, value, model=model)
        super().tag(version, key, value, model=model)


def test_of_two_promotions_at_once_neither_overwrites_the_note_of_the_other(registry, add):
    version = add()
    overtaken = OvertakenRegistry(registry.client, uri=registry.uri)
    with pytest.raises(PromotionError, match="at the same time"):
        give_role(overtaken, version, role="champion", action="promote", holder=None, reason=REASON)
    assert champion(registry) is None
    assert [change.version for change in role_changes(registry, "tiny")] == [1]


def test_a_rollback_that_died_between_note_and_change_can_be_asked_for_again(registry, add, give):
    add()
    add()
    give(1)
    give(2)
    rollback(registry, "tiny", reason="no")
    registry.set_alias(registry.find(ModelReference(name="tiny", version=2)), "champion")
    assert rollback(registry, "tiny", reason="no").version == 1


def test_a_rollback_to_a_model_that_was_changed_is_refused(registry, add, give, tmp_path):
    first = add()
    add()
    give(1)
    give(2)
    (files_of(first) / "model.safetensors").write_bytes(b"changed")
    (tmp_path / "cache").rename(tmp_path / "away")
    with pytest.raises(ArtifactTamperedError):
        rollback(registry, "tiny", reason="no")
    assert champion(registry) == 2


def test_a_rollback_to_a_version_that_was_given_other_files_is_refused(registry, add, give):
    first, second = add(), add()
    give(1)
    give(2)
    registry.tag(first, "wherefore.manifest_sha256", second.manifest_digest)
    with pytest.raises(PromotionError, match="models:/tiny/1 is not what it was as champion"):
        rollback(registry, "tiny", reason="no")


def test_every_change_is_noted_with_who_when_why_and_who_was_before(registry, add, give):
    add()
    add()
    give(1, reason=" first ")
    give(2)
    rollback(registry, "tiny", reason="worse in practice")
    changes = role_changes(registry, "tiny")
    assert [(c.action, c.version, c.previous_version, c.reason) for c in changes] == [
        ("promote", 1, None, "first"),
        ("promote", 2, 1, REASON),
        ("rollback", 1, 2, "worse in practice"),
    ]
    assert changes[0].at <= changes[1].at <= changes[2].at
    assert all(change.by for change in changes)
    version = registry.find(ModelReference(name="tiny", version=2))
    (note,) = (key for key in version.tags if key.startswith("wherefore.champion.000002."))
    assert set(json.loads(version.tags[note])) == {
        "action", "version", "previous_version", "manifest_sha256", "at", "by", "reason"
    }  # fmt: skip


def test_a_role_of_another_name_has_a_history_of_its_own(registry, add, give):
    add()
    add()
    give(1)
    give(1, role="champion-west")
    give(2, role="champion-west")
    assert champion(registry) == 1
    assert rollback(registry, "tiny", role="champion-west", reason="no").version == 1
    assert len(role_changes(registry, "tiny")) == 1


def test_a_role_that_no_reference_could_name_is_refused(add, give):
    add()
    refusal(give, 1, ModelReferenceError, role="a b")


def test_the_digest_of_a_change_is_that_of_the_manifest(registry, add, give, stored):
    add()
    change = give(1)
    content = (stored[0] / "manifest.json").read_bytes()
    assert change.manifest_sha256 == hashlib.sha256(content).hexdigest()
    assert read_manifest(resolve_model("models:/tiny@champion")) == read_manifest(stored[0])
