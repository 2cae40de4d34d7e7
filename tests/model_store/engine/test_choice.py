import logging
import subprocess
import sys

import pytest

from model_store.engine import choice
from model_store.engine.choice import EngineChoice, converted, open_engine
from model_store.engine.derived import DerivedModels, Origin
from model_store.engine.openvino_backend import OpenVinoEngine
from model_store.engine.runtime import cpu_computes_bf16
from model_store.engine.torch_backend import TorchEngine
from model_store.errors import (
    BackendUnavailableError,
    ConversionError,
    DerivedModelDamagedError,
)
from model_store.predictor import Predictor

TEXT = "Back-end DTI of 51.2% is over the 45% limit, and two cards are 30 days past due."


def keep_int8(stored, cache_dir):
    """Puts the converted network into the place of a quantised one."""
    models = DerivedModels(cache_dir)
    float_model = models.find(Origin.of(stored.manifest.digest, "float"))

    def copy(target):
        for name in float_model.manifest.files:
            (target / name).write_bytes((float_model.directory / name).read_bytes())

    return models.keep(Origin.of(stored.manifest.digest, "int8"), copy)


def test_automatically_openvino_computes_in_bf16_where_the_processor_does(tiny_stored, cache_dir):
    engine = open_engine(tiny_stored, EngineChoice(cache_dir=cache_dir))
    assert isinstance(engine, OpenVinoEngine)
    assert ("-bf16" if cpu_computes_bf16() else "-fp32") in engine.identity


def test_automatically_a_quantised_network_goes_first(tiny_stored, cache_dir):
    kept = keep_int8(tiny_stored, cache_dir)
    engine = open_engine(tiny_stored, EngineChoice(cache_dir=cache_dir))
    assert "-int8" in engine.identity
    assert kept.digest[:12] in engine.identity


def test_a_precision_that_is_asked_for_is_taken(tiny_stored, cache_dir):
    keep_int8(tiny_stored, cache_dir)
    choice = EngineChoice(engine="openvino", precision="fp32", cache_dir=cache_dir)
    assert "-fp32" in open_engine(tiny_stored, choice).identity


def test_torch_is_taken_where_it_is_asked_for(tiny_stored, tmp_path):
    engine = open_engine(tiny_stored, EngineChoice(engine="torch", cache_dir=tmp_path))
    assert isinstance(engine, TorchEngine)
    assert engine.identity.endswith("-cpu-fp32")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("engine", ["auto", "openvino"])
def test_int8_that_was_not_made_is_not_replaced_by_something_else(tiny_stored, cache_dir, engine):
    choice = EngineChoice(engine=engine, precision="int8", cache_dir=cache_dir)
    with pytest.raises(BackendUnavailableError, match="wherefore quantize"):
        open_engine(tiny_stored, choice)


def test_int8_that_is_damaged_is_refused(tiny_stored, cache_dir):
    (keep_int8(tiny_stored, cache_dir).directory / "model.bin").write_bytes(b"spoilt")
    with pytest.raises(DerivedModelDamagedError):
        open_engine(tiny_stored, EngineChoice(cache_dir=cache_dir))


def test_torch_does_not_compute_int8(tiny_stored):
    with pytest.raises(BackendUnavailableError, match="WHEREFORE_ENGINE=openvino"):
        open_engine(tiny_stored, EngineChoice(engine="torch", precision="int8"))


@pytest.mark.slow
def test_a_model_is_converted_once_and_again_only_when_damaged(tiny_stored, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="wherefore.engine")
    models = DerivedModels(tmp_path)
    first = converted(tiny_stored, models)
    made = first.xml.stat().st_mtime_ns
    assert converted(tiny_stored, models).xml.stat().st_mtime_ns == made
    assert caplog.text.count("converting") == 1
    first.xml.with_name("model.bin").write_bytes(b"spoilt")
    again = converted(tiny_stored, models)
    assert "is not what was written there" in caplog.text
    assert caplog.text.count("converting") == 2
    assert again.digest == first.digest


@pytest.mark.slow
def test_what_cannot_be_converted_is_computed_by_torch_unless_openvino_was_asked_for(
    tiny_stored, tmp_path, caplog
):
    caplog.set_level(logging.WARNING, logger="wherefore.engine")
    blocked = tmp_path / "cache"
    blocked.write_text("a file where a folder is needed")
    engine = open_engine(tiny_stored, EngineChoice(cache_dir=blocked))
    assert isinstance(engine, TorchEngine)
    assert "torch computes, since OpenVINO cannot" in caplog.text
    with pytest.raises(BackendUnavailableError, match="WHEREFORE_CACHE_DIR"):
        open_engine(tiny_stored, EngineChoice(engine="openvino", cache_dir=blocked))


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (-9, "", r"\(it was ended by SIGKILL, as for want of memory\)"),
        (3, "", r"\(it ended with status 3\)"),
        (1, "first\nno such operator\n", r"\(no such operator\)"),
    ],
)
def test_a_conversion_that_fails_tells_how_it_ended(monkeypatch, tmp_path, status, said, told):
    done = subprocess.CompletedProcess([], status, stdout="", stderr=said)
    monkeypatch.setattr(choice.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(ConversionError, match=told):
        choice._convert_apart(tmp_path / "model", tmp_path / "target")


def test_a_server_whose_model_is_converted_needs_neither_torch_nor_telemetry(
    tiny_stored, cache_dir
):
    program = f"""
import sys
from pathlib import Path
from model_store.engine.choice import EngineChoice
from model_store.predictor import Predictor
choice = EngineChoice(cache_dir=Path({str(cache_dir)!r}))
predictor = Predictor.load(Path({str(tiny_stored.directory)!r}), choice=choice)
print(predictor.predict([{TEXT!r}])[0].risk_score)
loaded = [name for name in ("torch", "transformers", "openvino_telemetry") if sys.modules.get(name)]
print("loaded:", *loaded)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
    )
    risk_score, loaded = done.stdout.splitlines()
    assert loaded == "loaded:"
    plain = Predictor.load(tiny_stored.directory).predict([TEXT])[0]
    assert float(risk_score) == pytest.approx(plain.risk_score, abs=5)
