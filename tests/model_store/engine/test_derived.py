import ast
import os
import time
from importlib.resources import files

import pytest

from model_store.engine import derived
from model_store.engine.derived import (
    MODEL_BIN,
    MODEL_XML,
    DerivedModels,
    Origin,
    computing_code_sha256,
)
from model_store.errors import BackendUnavailableError, DerivedModelDamagedError

PACKAGE = files("model_store")
NO_PART_OF_A_NETWORK = {
    # The tokenizer that a new network is made for; a stored one has its tables.
    "windows.py",
    "figure_tokens.py",
}
ORIGIN = Origin.of("a" * 64, "float")


def write(target):
    (target / MODEL_XML).write_text("<net/>")
    (target / MODEL_BIN).write_bytes(b"weights")


@pytest.fixture
def models(tmp_path):
    return DerivedModels(tmp_path / "cache")


def test_what_was_kept_is_found_with_its_gate_and_a_digest_of_its_own(models):
    assert models.find(ORIGIN) is None
    kept = models.keep(ORIGIN, write, gate={"omission": 0.0})
    found = models.find(ORIGIN)
    assert found == kept
    assert found.xml.read_text() == "<net/>"
    assert found.manifest.gate == {"omission": 0.0}
    assert len(found.digest) == 64


def test_other_content_has_another_digest(models):
    def write_otherwise(target):
        write(target)
        (target / MODEL_BIN).write_bytes(b"other weights")

    first = models.keep(ORIGIN, write)
    assert models.keep(ORIGIN, write_otherwise).digest != first.digest


@pytest.mark.parametrize(
    "change",
    [{"source": "b" * 64}, {"kind": "int8"}, {"code": "c" * 64}, {"openvino_version": "1"}],
)
def test_a_network_of_another_origin_is_not_found(models, change):
    models.keep(ORIGIN, write)
    assert models.find(ORIGIN.model_copy(update=change)) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / MODEL_BIN).write_bytes(b"weightt"),
        lambda folder: (folder / MODEL_XML).unlink(),
        lambda folder: (folder / "manifest.json").write_text("{}"),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text(
            (folder / "manifest.json").read_text().replace("a" * 64, "b" * 64)
        ),
    ],
)
def test_a_damaged_file_is_refused_and_replaced_when_kept_again(models, damage):
    damage(models.keep(ORIGIN, write).directory)
    with pytest.raises(DerivedModelDamagedError, match="delete the folder"):
        models.find(ORIGIN)
    models.keep(ORIGIN, write)
    assert models.find(ORIGIN) is not None


def test_a_network_that_could_not_be_written_leaves_nothing(models, tmp_path):
    def fail(target):
        write(target)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        models.keep(ORIGIN, fail)
    assert models.find(ORIGIN) is None
    assert list((tmp_path / "cache" / "engines").iterdir()) == []


def test_what_was_left_unfinished_is_removed_after_a_day(models, tmp_path):
    engines = tmp_path / "cache" / "engines"
    for name, days in (("old", 2), ("new", 0.5)):
        (engines / f".unfinished-{name}" / "model").mkdir(parents=True)
        then = time.time() - days * 86_400
        os.utime(engines / f".unfinished-{name}", (then, then))
    kept = models.keep(ORIGIN, write)
    assert {path.name for path in engines.iterdir()} == {kept.directory.name, ".unfinished-new"}


def test_a_folder_that_cannot_be_looked_into_is_named_with_the_setting(tmp_path):
    with pytest.raises(BackendUnavailableError, match="WHEREFORE_CACHE_DIR"):
        DerivedModels(tmp_path / ("too long" * 100)).find(ORIGIN)


def imported(name):
    """What a module of model_store imports of it, as paths within."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / name).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("model_store."):
            found.add(node.module.removeprefix("model_store.").replace(".", "/") + ".py")
    return found


def test_the_origin_follows_all_code_that_a_network_is_made_of():
    left, seen = {"network.py", "lexical.py", "last_layer.py"}, set()
    while left:
        seen |= left
        left = {found for name in left for found in imported(name)} - seen - NO_PART_OF_A_NETWORK
    assert seen <= set(derived._CONVERTING_CODE)


def test_the_identity_of_computing_follows_every_backend():
    backends = {f"engine/{path.name}" for path in (PACKAGE / "engine").glob("*_backend.py")}
    assert backends | {"engine/packed.py", "engine/graphs.py"} <= set(derived._COMPUTING_CODE)
    assert computing_code_sha256() != derived.code_sha256("float")


def test_a_folder_that_cannot_be_written_is_named_with_the_setting(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(BackendUnavailableError, match="WHEREFORE_CACHE_DIR"):
        DerivedModels(tmp_path / "cache").keep(ORIGIN, write)
