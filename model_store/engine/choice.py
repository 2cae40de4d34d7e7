"""Which engine computes: chosen by the settings and by what the machine has."""

import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from model_store.cache_dir import default_cache_dir
from model_store.engine.derived import DerivedModel, DerivedModels, Origin
from model_store.engine.outputs import DescribedEngine, Precision
from model_store.engine.runtime import cpu_computes_bf16
from model_store.errors import (
    BackendUnavailableError,
    ConversionError,
    DerivedModelDamagedError,
)

if TYPE_CHECKING:
    from model_store.stored import StoredModel

EngineName = Literal["auto", "openvino", "torch"]
PrecisionName = Literal["auto", "fp32", "bf16", "int8"]

_CONVERSION_TIMEOUT_S = 900
_GPU_DRIVER = Path("/dev/nvidiactl")

log = logging.getLogger("wherefore.engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """What an operator asks for.

    Attributes:
        engine: torch, on the GPU where there is one; openvino, on the CPU; auto takes torch where
            there is a CUDA GPU, else openvino, and torch where that cannot be had.
        precision: fp32, bf16 or int8; auto takes int8 where `wherefore quantize` made it, else
            bf16 where the CPU or GPU computes it, else fp32. Torch on a CPU takes fp32.
        num_threads: CPU threads; None leaves it to the engine.
        num_streams: batches that OpenVINO computes at once, each on its share of the threads: 1
            answers a single text soonest, one per core scores the most texts.
        joins_cores: have OpenVINO compute a batch that comes alone on the threads of all streams.
        cache_dir: where converted models are kept; None for `WHEREFORE_CACHE_DIR` or the user's
            cache folder.
    """

    engine: EngineName = "auto"
    precision: PrecisionName = "auto"
    num_threads: int | None = None
    num_streams: int = 1
    joins_cores: bool = False
    cache_dir: Path | None = None

    @property
    def derived_models(self) -> DerivedModels:
        """The folder of converted models."""
        return DerivedModels(self.cache_dir or default_cache_dir())


def open_engine(stored: "StoredModel", choice: EngineChoice) -> DescribedEngine:
    """Returns the engine of a model, converted first where that was not done before.

    Args:
        stored: the model.
        choice: what is asked for.

    Raises:
        BackendError: what is asked for cannot be had here; with `auto` for the engine only where
            int8 was asked for or is damaged.
        ArtifactError: the weights do not fit the model.
    """
    if choice.engine == "torch" or (choice.engine == "auto" and _has_gpu()):
        return _torch_engine(stored, choice)
    try:
        return _openvino_engine(stored, choice)
    except (BackendUnavailableError, ConversionError) as error:
        if choice.engine == "openvino" or choice.precision == "int8":
            raise
        log.warning("torch computes, since OpenVINO cannot: %s", error)
        return _torch_engine(stored, choice)


def converted(stored: "StoredModel", models: DerivedModels) -> DerivedModel:
    """Returns the converted network of a model, converting it where it is absent or damaged.

    Raises:
        BackendError: it cannot be converted or kept.
    """
    origin = Origin.of(stored.manifest.digest, "float")
    try:
        found = models.find(origin)
    except DerivedModelDamagedError as error:
        log.warning("%s", error)
        found = None
    return found or models.keep(origin, lambda target: _convert_apart(stored.directory, target))


def _openvino_engine(stored: "StoredModel", choice: EngineChoice) -> DescribedEngine:
    from model_store.engine.openvino_backend import OpenVinoEngine  # noqa: PLC0415

    models = choice.derived_models
    precision, network = _network(stored, models, choice.precision)
    try:
        return OpenVinoEngine(
            network.xml,
            padding_id=stored.tokenizer.padding_id,
            precision=precision,
            digest=network.digest,
            num_threads=choice.num_threads,
            num_streams=choice.num_streams,
            joins_cores=choice.joins_cores,
        )
    except RuntimeError as error:
        raise BackendUnavailableError(
            f"OpenVINO cannot run {network.xml} on this machine: set WHEREFORE_ENGINE=torch"
        ) from error


def _network(
    stored: "StoredModel", models: DerivedModels, asked: PrecisionName
) -> tuple[Precision, DerivedModel]:
    if asked in {"auto", "int8"}:
        quantized = models.find(Origin.of(stored.manifest.digest, "int8"))
        if quantized is not None:
            return "int8", quantized
        if asked == "int8":
            raise BackendUnavailableError(
                f"{stored.manifest.model_version} has not been quantised on this machine with "
                "this version of OpenVINO: run `wherefore quantize`, or set "
                "WHEREFORE_PRECISION=auto"
            )
    if asked == "bf16" and not cpu_computes_bf16():
        raise BackendUnavailableError(
            "this CPU does not compute bf16 (it has neither AVX512_BF16 nor AMX): set "
            "WHEREFORE_PRECISION to auto or fp32"
        )
    precision: Precision = "bf16" if asked != "fp32" and cpu_computes_bf16() else "fp32"
    return precision, converted(stored, models)


def _torch_engine(stored: "StoredModel", choice: EngineChoice) -> DescribedEngine:
    import torch  # noqa: PLC0415

    from model_store.artifact import load_weights  # noqa: PLC0415
    from model_store.engine.torch_backend import TorchEngine  # noqa: PLC0415

    if choice.precision == "int8":
        raise BackendUnavailableError(
            "torch does not compute int8 here: set WHEREFORE_ENGINE=openvino, or "
            "WHEREFORE_PRECISION to auto"
        )
    if choice.num_threads is not None:
        torch.set_num_threads(choice.num_threads)
    network, padding_id = load_weights(stored).network, stored.tokenizer.padding_id
    if _has_gpu():
        from model_store.engine.packed_backend import open_packed  # noqa: PLC0415

        precision: Precision = "bf16" if choice.precision == "auto" else choice.precision
        return open_packed(network, padding_id=padding_id, precision=precision)
    precision = "fp32" if choice.precision == "auto" else choice.precision
    return TorchEngine(network, padding_id=padding_id, precision=precision)


def _has_gpu() -> bool:
    """Whether torch can compute on a GPU; without a driver it need not even be imported."""
    if not _GPU_DRIVER.exists():
        return False
    import torch  # noqa: PLC0415

    return torch.cuda.is_available()


def _ending(status: int) -> str:
    """How a process ended that said nothing, by its status as `subprocess` gives it."""
    if status >= 0:
        return f"it ended with status {status}"
    return f"it was ended by {signal.Signals(-status).name}, as for want of memory"


def _convert_apart(model: Path, target: Path) -> None:
    """Converts in another process: this one then needs neither the time nor the memory of torch."""
    log.info("converting %s for this machine, once: this can take a minute", model)
    command = [sys.executable, "-m", "model_store.engine.conversion", str(model), str(target)]
    search = os.pathsep.join(path for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": search, "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=_CONVERSION_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise ConversionError(
            f"converting {model} took more than {_CONVERSION_TIMEOUT_S} s: run with "
            "WHEREFORE_ENGINE=torch"
        ) from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2] or _ending(done.returncode)
        raise ConversionError(
            f"{model} could not be converted ({last}): run with WHEREFORE_ENGINE=torch"
        ) from None
