"""Every system of the comparison: its program, its environment, its precisions."""

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
IN_PROCESS, OVER_HTTP = "in process", "over HTTP"
OURS = {IN_PROCESS: "wherefore", OVER_HTTP: "wherefore serve"}
PIPELINE = "transformers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A system.

    Attributes:
        name: as tables have it.
        kind: whether texts reach it in its process or over HTTP; like is compared with like.
        program: file beside this one that speaks the line protocol.
        environment: folder name of its virtual environment; None for this project's own.
        model: folder of the model's form that it reads.
        precisions: fp32 and what else it may compute in.
    """

    name: str
    kind: str
    program: str
    environment: str | None
    model: str
    precisions: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether it is this project's."""
        return self.environment is None

    def command(self, precision: str, *, model: Path, venvs: Path, cache_dir: Path) -> list[str]:
        """Returns the command that runs it."""
        python = venvs / self.environment / "bin" / "python" if self.environment else sys.executable
        command = [str(python), str(HERE / self.program), str(model / self.model), precision]
        return [*command, "--cache-dir", str(cache_dir)] if self.is_ours else command


CONTESTANTS = (
    Contestant(
        name=OURS[IN_PROCESS],
        kind=IN_PROCESS,
        program="run_wherefore.py",
        environment=None,
        model="wherefore",
        precisions=("fp32", "bf16", "int8"),
    ),
    Contestant(
        name=PIPELINE,
        kind=IN_PROCESS,
        program="run_transformers.py",
        environment="transformers",
        model="transformers",
        precisions=("fp32", "bf16"),
    ),
    Contestant(
        name="onnxruntime",
        kind=IN_PROCESS,
        program="run_onnxruntime.py",
        environment="onnxruntime",
        model="onnx",
        precisions=("fp32", "int8"),
    ),
    Contestant(
        name="infinity-emb",
        kind=IN_PROCESS,
        program="run_infinity.py",
        environment="infinity",
        model="transformers",
        precisions=("fp32", "bf16", "int8"),
    ),
    Contestant(
        name=OURS[OVER_HTTP],
        kind=OVER_HTTP,
        program="run_wherefore_server.py",
        environment=None,
        model="wherefore",
        precisions=("fp32", "bf16", "int8"),
    ),
    Contestant(
        name="TorchServe, plain handler",
        kind=OVER_HTTP,
        program="run_torchserve.py",
        environment="torchserve",
        model="transformers",
        precisions=("fp32", "bf16"),
    ),
    Contestant(
        name="LitServe",
        kind=OVER_HTTP,
        program="run_litserve.py",
        environment="litserve",
        model="transformers",
        precisions=("fp32", "bf16"),
    ),
)
