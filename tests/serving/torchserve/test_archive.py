"""The model archive: what it holds, and what cannot get into it."""

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import PurePosixPath

import pytest
import yaml

from model_store.engine.choice import EngineChoice
from model_store.errors import ArtifactTamperedError
from model_store.stored import open_stored
from serving.torchserve.archive import (
    CARRIED_SUFFIXES,
    ArchiveError,
    archive_manifest,
    archives_directory,
    build_archive,
)


@pytest.fixture(scope="module")
def archive(tiny_model, tmp_path_factory):
    output = tmp_path_factory.mktemp("archives")
    return build_archive(tiny_model, output, choice=EngineChoice(engine="torch"), num_workers=3)


@pytest.fixture
def copied_model(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def names_in(archive):
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def test_it_carries_the_model_the_handler_and_the_packages_as_folders(archive, tiny_model):
    names = names_in(archive)
    assert {f"model/{path.name}" for path in tiny_model.iterdir()} <= names
    assert {"handler.py", "MAR-INF/MANIFEST.json", "model-config.yaml"} <= names
    assert {PurePosixPath(name).parts[0] for name in names if "/" in name} == {
        "MAR-INF",
        "data_pipeline",
        "model",
        "model_store",
        "serving",
    }


def test_its_manifest_names_the_handler_and_the_model_by_digest(archive, tiny_model):
    with zipfile.ZipFile(archive) as opened:
        manifest = json.loads(opened.read("MAR-INF/MANIFEST.json"))["model"]
    assert manifest["modelName"] == "wherefore"
    assert manifest["handler"] == "handler.py"
    assert manifest["modelVersion"] == open_stored(tiny_model).manifest.digest[:12]


def test_it_tells_which_model_it_carries(archive, tiny_model):
    assert archive_manifest(archive) == open_stored(tiny_model).manifest


@pytest.mark.parametrize("content", [None, b"", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_of_ours_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "x.mar").write_bytes(content)
    with pytest.raises(ArchiveError, match="wherefore archive"):
        archive_manifest(tmp_path / "x.mar")


def test_it_asks_for_batches_of_16_within_2_ms(archive):
    with zipfile.ZipFile(archive) as opened:
        config = yaml.safe_load(opened.read("model-config.yaml"))
    assert (config["batchSize"], config["maxBatchDelay"]) == (16, 2)
    assert (config["minWorkers"], config["maxWorkers"]) == (3, 3)
    assert config["handler"]["engine"] == "torch"


def test_no_file_in_it_is_a_pickle(archive):
    assert {PurePosixPath(name).suffix for name in names_in(archive)} <= CARRIED_SUFFIXES
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            content = opened.read(name)
            assert not content.startswith((b"\x80\x02", b"\x80\x04", b"\x80\x05", b"PK")), name


def test_a_file_that_lies_beside_a_model_stays_out(copied_model, tmp_path):
    (copied_model / "extra.pkl").write_bytes(pickle.dumps("canary"))
    built = build_archive(copied_model, tmp_path / "out", choice=EngineChoice())
    assert not [name for name in names_in(built) if "extra" in name]


def test_a_model_that_was_changed_gets_no_archive(copied_model, tmp_path):
    (copied_model / "MODEL_CARD.md").write_text("changed")
    with pytest.raises(ArtifactTamperedError):
        build_archive(copied_model, tmp_path / "out", choice=EngineChoice())
    assert not (tmp_path / "out").exists()


def test_an_archive_is_replaced_whole_and_leaves_nothing_behind(tiny_model, tmp_path):
    (tmp_path / "wherefore.mar").write_text("the one before")
    built = build_archive(tiny_model, tmp_path, choice=EngineChoice())
    assert zipfile.is_zipfile(built)
    assert [path.name for path in tmp_path.iterdir()] == ["wherefore.mar"]


def test_a_folder_that_cannot_be_written_is_told(tiny_model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="--output"):
        build_archive(tiny_model, tmp_path / "file" / "out", choice=EngineChoice())


def test_the_default_folder_is_the_one_that_git_ignores():
    directory = archives_directory()
    assert (directory.parent.name, directory.name) == ("model_store", "archives")
    ignored = (directory.parents[1] / ".gitignore").read_text().splitlines()
    assert "model_store/archives/" in ignored


def test_the_handler_runs_on_the_carried_packages_and_no_others_of_ours(archive, tmp_path):
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    code = (
        "import handler, sys; from types import SimpleNamespace as N;"
        "context = N(system_properties={'model_dir': '.', 'gpu_id': None},"
        " model_yaml_config={'handler': {'engine': 'torch'}});"
        "service = handler.WhereforeHandler(); service.initialize(context);"
        "print(*sorted(m.__file__ for n, m in list(sys.modules.items())"
        " if n.split('.')[0] in ('data_pipeline', 'model_store', 'serving', 'training')))"
    )
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = done.stdout.split()
    assert len(files) > 10
    assert [file for file in files if not file.startswith(str(tmp_path))] == []


def test_the_command_builds_an_archive_and_prints_where(wherefore, tiny_model, tmp_path):
    done = wherefore("archive", "--model", tiny_model, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert re.sub(r"\s", "", done.stdout) == str(tmp_path / "out" / "wherefore.mar")


@pytest.mark.parametrize("option", [("--model", "m"), ("--workers", "2")])
def test_an_archive_is_served_with_the_model_and_workers_it_has(wherefore, tmp_path, option):
    done = wherefore("torchserve", "--archive", tmp_path / "a.mar", *option)
    assert done.returncode == 2
    assert done.stderr.startswith("wherefore: an archive has its model and its workers")
    assert done.stderr.count("\n") == 1


def test_serving_an_archive_that_is_none_is_told_in_one_sentence(wherefore, tmp_path):
    done = wherefore("torchserve", "--archive", tmp_path / "absent.mar")
    assert done.returncode == 2
    assert done.stderr.startswith("wherefore: no model archive at ")
    assert done.stderr.count("\n") == 1
