from pathlib import Path

import pytest
from pydantic import ValidationError

from training.config import TrainingConfig, load_config
from training.errors import ConfigError, TrainingError

MINIMAL = "name: tiny\nencoder: somewhere\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run.yaml"


def test_a_minimal_file_gets_every_default(file):
    file.write_text(MINIMAL)
    assert load_config(file) == TrainingConfig(name="tiny", encoder="somewhere")


def test_sections_and_overrides_are_read(file):
    file.write_text(
        MINIMAL + "seed: 3\noptimisation:\n  num_epochs: 2\n  head_learning_rate: 1e-2\n"
    )
    config = load_config(file, overrides={"encoder": "elsewhere"})
    assert (config.seed, config.encoder) == (3, "elsewhere")
    assert config.optimisation.num_epochs == 2
    assert config.optimisation.head_learning_rate == 0.01


def test_a_configuration_survives_json(file):
    config = TrainingConfig(name="tiny", encoder="somewhere", num_threads=2)
    assert TrainingConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"", "mapping"),
        (b"- name\n", "mapping"),
        (b"just words", "mapping"),
        (b"name: [", "not YAML"),
        (b"name: tiny\nencoder: \xff\xfe\n", "not YAML"),
        (b"name: tiny\n", "encoder"),
        (b"name: tiny\nencoder: x\nepochs: 3\n", "epochs"),
        (b"name: tiny\nencoder: x\n1: 3\n", "1"),
        (b"name: tiny\nencoder: x\noptimisation: 3\n", "optimisation"),
        (b"name: tiny\nencoder: x\noptimisation:\n  num_epochs: 0\n", "optimisation.num_epochs"),
        (
            b"name: tiny\nencoder: x\noptimisation:\n  refit: true\n  patience_epochs: 2\n",
            "drop patience_epochs",
        ),
        (b"name: tiny\nencoder: x\nlosses:\n  risk: -1\n", "losses.risk"),
        (b"name: tiny\nencoder: x\nlosses:\n  rsik: 1\n", "losses.rsik"),
        (b"name: tiny\nencoder: x\nprecision: int8\n", "precision"),
        (b"name: tiny\nencoder: x\nartifact:\n  storage: int4\n", "artifact.storage"),
        (b"name: tiny\nencoder: x\ndata:\n  simulator: {}\n  hmda: {}\n", "one of them"),
        (b"name: tiny\nencoder: x\ndata:\n  corpus: x.jsonl\n  hmda: {}\n", "one of them"),
        (b"name: tiny\nencoder: x\ndata:\n  hmda:\n    test_ratio: 0.95\n", "test_ratio"),
        (b"name: tiny\nencoder: x\ndata:\n  lendingclub:\n    test_from: 2011\n", "test_from"),
        (
            b"name: tiny\nencoder: x\ndata:\n  lendingclub:\n    test_from: '2010-01'\n",
            "calibration_from",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_that_names_the_place(file, content, names):
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    message = str(caught.value)
    assert str(file) in message
    assert names in message.replace(str(file), "")
    assert "\n" not in message
    assert isinstance(caught.value, TrainingError)


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_path_without_a_file_is_refused_in_one_sentence(tmp_path, kind):
    path = tmp_path if kind == "folder" else tmp_path / "nothing.yaml"
    with pytest.raises(ConfigError, match="--config") as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_configuration_does_not_change_while_a_run_goes_on():
    config = TrainingConfig(name="tiny", encoder="somewhere")
    with pytest.raises(ValidationError):
        config.seed = 4
    with pytest.raises(ValidationError):
        config.optimisation.num_epochs = 1


def test_files_given_at_run_time_replace_those_of_the_data_and_only_their_names_are_told():
    config = TrainingConfig(name="tiny", encoder="/some/encoder", data={"hmda": {}})
    run = config.with_files([Path("/data/a.csv"), Path("/data/b.csv")])
    assert run.data.source == "hmda"
    told = run.without_paths().model_dump_json()
    assert '"a.csv","b.csv"' in told
    assert "/" not in told
    assert config.with_files([]) == config


FOLDER = Path(__file__).parents[2] / "configs" / "training"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_configurations_that_come_with_the_project_are_valid(path):
    assert load_config(path).name == path.stem


def test_the_recipe_that_is_cross_validated_is_that_of_the_starter():
    starter, folds = (
        load_config(FOLDER / f"{name}.yaml").model_dump()
        for name in ("starter", "starter-cross-validation")
    )
    assert folds["artifact"].pop("version") != starter["artifact"].pop("version")
    for own in ("name", "data"):  # whole folds of authors are held out, not three authors
        del folds[own], starter[own]
    assert folds == starter
