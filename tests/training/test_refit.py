"""Runs whose network is trained anew on all texts, those that calibrate too."""

import shutil

import pytest
import yaml

from model_store.artifact import load_artifact
from training.config import load_config
from training.errors import ConfigError, ResumeError
from training.run import run_training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(tiny_encoder, tmp_path_factory):
    """Returns the path of a configuration, with refit or without."""

    def write(*, refit):
        content = {
            "name": "tiny",
            "encoder": str(tiny_encoder),
            "precision": "fp32",
            "num_threads": 1,
            "checkpoint_every_steps": 1,
            "data": {"simulator": {"num_applications": 40, "num_test_applications": 12}},
            "optimisation": {"num_epochs": 1, "texts_per_step": 16, "refit": refit},
            "lexical": {"enabled": True},
            "artifact": {"storage": "fp32"},
        }
        path = tmp_path_factory.mktemp("refit") / "tiny.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


@pytest.fixture(scope="module")
def runs(config, tmp_path_factory):
    """The same run with refit and without: its folder, its model and its steps."""

    def trained(*, refit):
        folder, steps = tmp_path_factory.mktemp("run"), []
        run_training(load_config(config(refit=refit)), output=folder, on_step=steps.append)
        return folder, load_artifact(folder / "model"), steps

    return {refit: trained(refit=refit) for refit in (True, False)}


def test_the_second_network_answers_with_what_was_fitted_for_the_first(runs):
    (_, refitted, _), (_, plain, _) = runs[True], runs[False]
    assert refitted.calibration.num_texts == plain.calibration.num_texts > 0
    fitted = [c.intercept for c in refitted.calibration.categories]
    # Without refit it is calibrated once more as stored, which is fp32 here: the same.
    assert fitted == [c.intercept for c in plain.calibration.categories]
    ours, theirs = refitted.network.state_dict(), plain.network.state_dict()
    assert ours.keys() == theirs.keys()
    kept = {name for name in ours if name.endswith("_weight") and not ours[name].shape}
    assert len(kept) == 4
    assert all(ours[name] == theirs[name] for name in kept)
    assert ours["lexical_weight"] > 0
    assert not ours["lexical.weight_OK"].equal(theirs["lexical.weight_OK"])
    moved = [n for n in ours if n.startswith("encoder.") and not ours[n].equal(theirs[n])]
    assert moved


def test_it_has_read_all_texts_and_says_so(runs):
    (_, refitted, steps), (_, plain, plain_steps) = runs[True], runs[False]
    num_calibrating = plain.calibration.num_texts
    ours, theirs = refitted.manifest.config, plain.manifest.config
    assert ours["num_train_texts"] == theirs["num_train_texts"] + num_calibrating == 40
    assert ours["trained_on"] == (
        f"{theirs['trained_on']}; and {num_calibrating} of {num_calibrating} that calibrated a "
        "network trained without them"
    )
    assert ours["trained_on"] in refitted.card
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) == len(plain_steps) + 3
    assert {step.num_steps for step in steps} == {len(steps)}
    assert [step.epoch for step in steps] == [1] * len(plain_steps) + [2] * 3
    assert (theirs["calibration_read"], ours["calibration_read"]) == ([], ["simulator"])


@pytest.mark.parametrize("killed_at", [2, 5])
def test_killed_in_either_part_it_ends_as_if_it_had_not_been(config, runs, tmp_path, killed_at):
    class KilledError(Exception):
        pass

    def kill(report):
        if report.step == killed_at:
            raise KilledError

    whole, _, steps = runs[True]
    assert len(steps) == 6
    given, told = load_config(config(refit=True)), []
    with pytest.raises(KilledError):
        run_training(given, output=tmp_path, on_step=kill)
    run_training(given, output=tmp_path, on_step=told.append)
    assert [step.step for step in told] == list(range(killed_at, 7))
    ours, theirs = (folder / "model" / "model.safetensors" for folder in (tmp_path, whole))
    assert ours.read_bytes() == theirs.read_bytes()


def test_asked_for_again_nothing_is_trained_twice(config, runs, tmp_path):
    whole, _, _ = runs[True]
    shutil.copytree(whole, tmp_path / "run")
    steps, stages = [], []
    given = load_config(config(refit=True))
    run_training(given, output=tmp_path / "run", on_step=steps.append, on_stage=stages.append)
    assert not steps
    assert stages[-1] == "the run was finished before: its model stays"


def test_a_state_of_another_run_is_refused_before_the_first_step(config, runs, tmp_path):
    whole, _, _ = runs[True]
    shutil.copytree(whole / "checkpoint-refit", tmp_path / "checkpoint-refit")
    given, steps = load_config(config(refit=True), overrides={"seed": 8}), []
    with pytest.raises(ResumeError, match="checkpoint-refit"):
        run_training(given, output=tmp_path, on_step=steps.append)
    assert not steps


def test_no_run_on_the_same_data_starts_from_it(config, runs, tmp_path):
    folders = {refit: folder for refit, (folder, _, _) in runs.items()}
    for refit, folder in folders.items():
        given = load_config(config(refit=False), overrides={"start_from": str(folder)})
        if refit:
            with pytest.raises(ConfigError, match="has read texts of simulator that calibrate"):
                run_training(given, output=tmp_path / "new")
        else:
            run_training(given, output=tmp_path / "new")


def test_it_is_not_calibrated_on_what_it_has_read(run, config, runs, tmp_path):
    folder, _, _ = runs[True]
    reasons = {True: "has read texts that calibrate", False: "optimisation.refit"}
    for refit, reason in reasons.items():
        code, _, told = run(
            *("calibrate", "--config", config(refit=refit), "--model", folder / "model"),
            *("--version", "1.0.1", "--output", tmp_path / "new"),
        )
        assert code == 2, told
        assert reason in told
    assert not (tmp_path / "new").exists()


def test_texts_that_are_measured_on_are_not_learned_from(run, write_tiny_run, tmp_path):
    corpus = write_tiny_run(
        tmp_path,
        texts_of_author=8,
        data={"num_folds": 4},
        optimisation={"num_epochs": 1, "refit": True},
    )
    with pytest.raises(ConfigError, match="are those measured on"):
        run_training(load_config(corpus), output=tmp_path / "run")
    code, _, told = run(
        *("cross-validate", "--config", corpus, "--folds", "2", "--output", tmp_path / "folds")
    )
    assert code == 2, told
    assert "`optimisation.refit`" in told
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
