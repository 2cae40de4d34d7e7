import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from model_store.artifact import load_artifact, save_artifact, starter_directory
from model_store.errors import (
    ArtifactMismatchError,
    ArtifactTamperedError,
    ForeignModelError,
    ModelError,
    ModelReferenceError,
    RegistryUnavailableError,
    UnknownModelError,
)
from model_store.predictor import Predictor
from model_store.registry.mlflow_store import EXPERIMENT, open_client
from model_store.registry.models import ModelRegistry, pinned_reference, resolve_model
from model_store.registry.reference import parse_reference
from model_store.registry.registration import attach_report, attached_report, register_model

TEXTS = ["Back-end DTI of 51.2% is over the limit.", "Bankruptcy in 2022."]


@pytest.fixture(scope="module")
def stored(new_artifact, tmp_path_factory):
    """Directories of two models that give other answers."""
    folder = tmp_path_factory.mktemp("stored")
    for seed in (0, 1):
        save_artifact(new_artifact(seed=seed), folder / str(seed), storage="fp32")
    return [folder / "0", folder / "1"]


@pytest.fixture
def registry(mlflow_uri):
    return ModelRegistry.open()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "models"


def refusal(reference, kind):
    with pytest.raises(kind) as caught:
        resolve_model(reference)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def files_of(version):
    return Path(version.source.removeprefix("file://"))


def answers(directory):
    return Predictor.load(directory).predict(TEXTS)


def test_no_reference_means_the_bundled_model():
    assert resolve_model(None) == starter_directory()


def test_a_directory_is_taken_as_it_is_without_a_look_at_any_registry(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert resolve_model(tmp_path / "model") == tmp_path / "model"
    assert resolve_model(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    "reference", ["models:/tiny@champion", "models:/a b/12", "models:/tiny@in-test_2"]
)
def test_a_reference_is_written_as_it_is_read(reference):
    assert str(parse_reference(reference)) == reference


@pytest.mark.parametrize(
    "reference",
    ["models:/tiny", "models:/tiny@", "models:/tiny/latest", "models:/tiny/0", "models:/m-1ab/x/2",
     "models:/", "models://tiny@champion", "models:/tiny@champion/1", "models:/tiny@a b"],
)  # fmt: skip
def test_any_other_reference_is_refused_with_the_form_it_should_have(reference):
    assert "expected models:/NAME@ALIAS" in refusal(reference, ModelReferenceError)


def test_a_registered_model_answers_like_the_directory_it_came_from(registry, stored, cache):
    version = register_model(registry, stored[0], name="tiny")
    assert (version.version, version.aliases) == (1, ("challenger",))
    fetched = resolve_model("models:/tiny/1")
    assert fetched.parent == cache
    assert fetched.name == hashlib.sha256((stored[0] / "manifest.json").read_bytes()).hexdigest()
    assert answers(fetched) == answers(stored[0])


def test_a_path_that_holds_a_reference_is_resolved_like_its_text(registry, stored):
    register_model(registry, stored[0], name="tiny")
    assert resolve_model(Path("models:/tiny@challenger")) == resolve_model("models:/tiny/1")


def test_an_alias_follows_the_version_it_points_at(registry, stored):
    versions = [register_model(registry, directory, name="tiny") for directory in stored]
    assert answers(resolve_model("models:/tiny@challenger")) == answers(stored[1])
    registry.set_alias(versions[0], "challenger")
    assert answers(resolve_model("models:/tiny@challenger")) == answers(stored[0])


def test_a_pinned_reference_stays_with_the_version_that_an_alias_had(registry, stored):
    versions = [register_model(registry, directory, name="tiny") for directory in stored]
    pinned = pinned_reference("models:/tiny@challenger")
    registry.set_alias(versions[0], "challenger")
    assert (pinned, pinned_reference("models:/tiny@challenger")) == (
        "models:/tiny/2",
        "models:/tiny/1",
    )
    with pytest.raises(UnknownModelError):
        pinned_reference("models:/tiny@champion")


@pytest.mark.parametrize("model", [None, "a/directory", "models:/tiny/7"])
def test_what_no_alias_names_is_pinned_without_a_look_at_any_registry(monkeypatch, model):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert pinned_reference(model) == model


def test_a_version_names_its_model_and_digest(registry, stored):
    version = register_model(registry, stored[0], name="tiny")
    manifest = load_artifact(stored[0]).manifest
    assert version.digest == manifest.digest
    assert version.model_version == manifest.model_version == "tiny-0.0.1+" + version.digest[:12]


def test_the_same_model_registered_again_is_the_version_it_was(registry, stored):
    first = register_model(registry, stored[0], name="tiny")
    register_model(registry, stored[1], name="tiny")
    again = register_model(registry, stored[0], name="tiny")
    assert again.version == first.version
    assert [version.version for version in registry.versions("tiny")] == [2, 1]
    assert registry.holder("tiny", "challenger").version == 2


def test_a_registration_that_was_cut_off_before_its_alias_is_made_good(registry, stored):
    register_model(registry, stored[0], name="tiny")
    register_model(registry, stored[1], name="tiny")
    registry.client.delete_registered_model_alias("tiny", "challenger")
    assert register_model(registry, stored[0], name="tiny").aliases == ()
    assert "challenger" in register_model(registry, stored[1], name="tiny").aliases
    assert registry.holder("tiny", "challenger").version == 2


def test_the_run_of_a_registration_that_fails_is_recorded_as_failed(registry, stored, mlflow_uri):
    artifacts = Path(mlflow_uri.removeprefix("sqlite:///")).parent / "mlflow-artifacts"
    artifacts.write_text("a file, no folder")
    with pytest.raises(RegistryUnavailableError):
        register_model(registry, stored[0], name="tiny")
    experiment = registry.client.get_experiment_by_name(EXPERIMENT).experiment_id
    (run,) = registry.client.search_runs([experiment])
    assert run.info.status == "FAILED"


def test_versions_of_all_models_are_listed_by_name_and_newest_first(registry, stored):
    for name, directory in [("b", stored[0]), ("a", stored[0]), ("b", stored[1])]:
        register_model(registry, directory, name=name)
    listed = [(version.name, version.version) for version in registry.versions()]
    assert listed == [("a", 1), ("b", 2), ("b", 1)]
    assert [version.name for version in registry.versions("a")] == ["a"]


@pytest.mark.parametrize("name", ["a/b", "a@b", "a'b", ""])
def test_a_name_that_no_reference_could_hold_is_not_registered(registry, stored, name):
    with pytest.raises(ModelReferenceError):
        register_model(registry, stored[0], name=name)


def test_a_directory_that_is_no_model_is_not_registered(registry, tmp_path):
    with pytest.raises(ModelError):
        register_model(registry, tmp_path, name="tiny")
    assert registry.versions() == []


def test_nothing_but_the_files_of_a_model_is_uploaded(registry, stored, tmp_path):
    directory = shutil.copytree(stored[0], tmp_path / "model")
    (directory / "applications.csv").write_text("text\n")
    version = register_model(registry, directory, name="tiny")
    assert {path.name for path in files_of(version).iterdir()} == {
        path.name for path in stored[0].iterdir()
    }


def test_a_model_fetched_before_is_not_fetched_again(registry, stored):
    version = register_model(registry, stored[0], name="tiny")
    first = resolve_model(version.reference)
    shutil.rmtree(files_of(version))
    assert resolve_model(version.reference) == first


def test_a_damaged_copy_is_replaced_and_leaves_nothing_behind(registry, stored, cache):
    version = register_model(registry, stored[0], name="tiny")
    fetched = resolve_model(version.reference)
    (fetched / "model.safetensors").write_bytes(b"damaged")
    assert resolve_model(version.reference) == fetched
    assert answers(fetched) == answers(stored[0])
    assert [path.name for path in cache.iterdir()] == [fetched.name]


@pytest.mark.parametrize("name", ["model.safetensors", "MODEL_CARD.md", "manifest.json"])
def test_a_file_changed_in_the_registry_is_refused_and_not_kept(registry, stored, cache, name):
    version = register_model(registry, stored[0], name="tiny")
    path = files_of(version) / name
    path.write_bytes(path.read_bytes() + b"\n")
    message = refusal(version.reference, ArtifactTamperedError)
    assert message.startswith(f"models:/tiny/1/{name} has sha256 ")
    assert list(cache.iterdir()) == []


def test_a_forged_manifest_is_refused_though_it_names_the_files_as_they_are(registry, stored):
    version = register_model(registry, stored[0], name="tiny")
    shutil.rmtree(files_of(version))
    shutil.copytree(stored[1], files_of(version))
    assert "was registered" in refusal(version.reference, ArtifactTamperedError)


def test_a_manifest_cannot_reach_outside_the_folder_of_its_model(registry, stored, tmp_path):
    version = register_model(registry, stored[0], name="tiny")
    (files_of(version).parent / "secret").write_text("outside")
    manifest = json.loads((files_of(version) / "manifest.json").read_text())
    manifest["files"]["../secret"] = hashlib.sha256(b"outside").hexdigest()
    (files_of(version) / "manifest.json").write_text(json.dumps(manifest))
    digest = hashlib.sha256((files_of(version) / "manifest.json").read_bytes()).hexdigest()
    registry.tag(version, "wherefore.manifest_sha256", digest)
    assert "names other files" in refusal(version.reference, ArtifactTamperedError)
    assert not list(tmp_path.glob("cache/**/secret"))


def test_a_file_missing_in_the_registry_is_told_with_its_name(registry, stored, cache):
    version = register_model(registry, stored[0], name="tiny")
    (files_of(version) / "calibration.json").unlink()
    assert "calibration.json" in refusal(version.reference, RegistryUnavailableError)
    assert list(cache.iterdir()) == []


def test_a_model_of_another_taxonomy_is_refused_before_it_is_kept(registry, stored, cache):
    version = register_model(registry, stored[0], name="tiny")
    taxonomy = files_of(version) / "taxonomy.json"
    taxonomy.write_text(json.dumps(json.loads(taxonomy.read_text()) | {"taxonomy_version": "0"}))
    manifest = files_of(version) / "manifest.json"
    content = json.loads(manifest.read_text())
    content["files"]["taxonomy.json"] = hashlib.sha256(taxonomy.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(content))
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    registry.tag(version, "wherefore.manifest_sha256", digest)
    message = refusal(version.reference, ArtifactMismatchError)
    assert message.startswith("models:/tiny/1 was trained with another taxonomy_version")
    assert list(cache.iterdir()) == []


def test_an_unknown_model_version_or_alias_is_told_apart(registry, stored):
    register_model(registry, stored[0], name="tiny")
    assert "no registered model 'big'" in refusal("models:/big@champion", UnknownModelError)
    assert "'tiny' has no version 7" in refusal("models:/tiny/7", UnknownModelError)
    message = refusal("models:/tiny@champion", UnknownModelError)
    assert "'tiny' has no alias 'champion' (its aliases: challenger)" in message


def test_an_entry_of_a_foreign_kind_is_refused_before_anything_of_it_is_read(registry):
    registry.client.create_registered_model("foreign")
    registry.client.create_model_version("foreign", "file:///nowhere/at/all")
    assert "was not registered by this project" in refusal("models:/foreign/1", ForeignModelError)


def test_a_server_out_of_reach_is_told_in_one_sentence_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:hidden@127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    message = refusal("models:/tiny@champion", RegistryUnavailableError)
    assert message.startswith("MLflow at http://127.0.0.1:1 cannot be used (")
    assert "hidden" not in message


def test_a_database_that_is_down_is_told_in_one_sentence_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg://user:hidden@127.0.0.1:1/db")
    message = refusal("models:/tiny@champion", RegistryUnavailableError)
    assert message.startswith("MLflow at postgresql+psycopg://127.0.0.1:1/db cannot be used (")
    assert "hidden" not in message


def test_a_registry_that_nobody_made_is_not_made_by_looking(monkeypatch, tmp_path):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert "no model registry at" in refusal("models:/tiny@champion", RegistryUnavailableError)
    assert list(tmp_path.iterdir()) == []


def test_the_file_store_that_mlflow_gave_up_is_refused_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "mlruns"))
    refusal("models:/tiny@champion", RegistryUnavailableError)


def test_a_cache_that_cannot_be_written_is_told_with_the_setting(registry, stored, tmp_path):
    register_model(registry, stored[0], name="tiny")
    (tmp_path / "cache").write_text("a file, no folder")
    assert "set WHEREFORE_CACHE_DIR" in refusal("models:/tiny/1", RegistryUnavailableError)


def test_a_cache_folder_given_goes_before_the_environment(registry, stored, tmp_path):
    register_model(registry, stored[0], name="tiny")
    fetched = resolve_model("models:/tiny/1", cache_dir=tmp_path / "given")
    assert fetched.is_relative_to(tmp_path / "given")
    assert not (tmp_path / "cache").exists()


def test_a_report_comes_back_byte_for_byte_and_the_latest_counts(registry, stored):
    register_model(registry, stored[0], name="tiny")
    for content in (b'{"a": 1}', b'{"a": 2}\n'):
        attach_report(registry, registry.versions("tiny")[0], content, kind="evaluation")
    version = registry.versions("tiny")[0]
    assert attached_report(registry, version, kind="evaluation") == b'{"a": 2}\n'
    assert attached_report(registry, version, kind="fairness") is None


def test_a_report_changed_in_the_registry_is_refused(registry, stored):
    version = register_model(registry, stored[0], name="tiny")
    attach_report(registry, version, b"{}", kind="evaluation")
    (path,) = files_of(version).parent.glob("reports/*/evaluation.json")
    path.write_text("{ }")
    with pytest.raises(ArtifactTamperedError, match="evaluation report of models:/tiny/1"):
        attached_report(registry, registry.versions("tiny")[0], kind="evaluation")


def test_telemetry_of_mlflow_is_off_unless_the_environment_turns_it_on(mlflow_uri):
    import os  # noqa: PLC0415

    open_client(mlflow_uri)
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert re.match(r"\d", os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"])
