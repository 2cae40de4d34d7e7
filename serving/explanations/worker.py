"""The process that computes slow explanations: `python -m serving.explanations.worker`.

It runs at the lowest priority, loads the network in torch when it starts, and takes one job after
another: a line of JSON in, a line of JSON out. What goes wrong is told by a code and the class of
the error, never by its message, which may hold the applicant's text.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from model_store.artifact import Artifact
    from model_store.explain.attribution import Attribution
    from model_store.explain.layout import Unit
    from model_store.predictor import ReadText

MODEL_DIFFERS = "explanation_model_differs"
"""Code of a worker whose model is not the one that serves."""

FAILED = "explanation_failed"
"""Code of a job that failed for another reason."""

_LOWEST_PRIORITY = 19
_DECIMALS = 5


class AttributionWorker:
    """A loaded model and what it is asked to attribute."""

    def __init__(self, artifact: "Artifact") -> None:
        """Takes the model."""
        from model_store.predictor import Predictor  # noqa: PLC0415

        self._artifact = artifact
        self._predictor = Predictor.from_artifact(artifact)

    def explain(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what a method says of a text; see `serving.explanations.jobs.JobRequest`."""
        [text] = self._predictor.read([job["text"]])
        targets = job["targets"] or self._stated_targets(text)
        attribution = self._attribution(text, job, targets)
        return _answer(_in_units(attribution, text, unit=job["unit"]), targets)

    def _attribution(
        self, text: "ReadText", job: Mapping[str, Any], targets: Sequence[str]
    ) -> "Attribution":
        if job["method"] == "rollout":
            from model_store.explain.rollout import attention_rollout  # noqa: PLC0415

            return attention_rollout(self._artifact.network, text)
        if job["method"] == "shap":
            from model_store.explain.shapley import partition_shap  # noqa: PLC0415

            evaluations = job["max_evaluations"]
            return partition_shap(self._predictor.engine, text, max_evaluations=evaluations)
        from model_store.explain.gradients import integrated_gradients  # noqa: PLC0415

        return integrated_gradients(
            self._artifact.network,
            text,
            mask_id=self._artifact.tokenizer.mask_id,
            targets=targets,
            num_steps=job["num_steps"],
        )

    def _stated_targets(self, text: "ReadText") -> list[str]:
        """What an answer states, else its likeliest category; and the risk."""
        from model_store.explain.targets import RISK  # noqa: PLC0415

        logits = self._predictor.engine.logits([window.ids for window in text.windows])
        [prediction] = self._predictor.decode([text], logits)
        stated = [str(reason.category) for reason in prediction.principal_reasons]
        likeliest = max(prediction.categories, key=lambda c: prediction.categories[c])
        return [*dict.fromkeys(stated or [str(likeliest)]), RISK]


def _in_units(attribution: "Attribution", text: "ReadText", *, unit: str) -> "Attribution":
    from model_store.explain.attribution import summed  # noqa: PLC0415
    from model_store.explain.layout import lay_out  # noqa: PLC0415

    return summed(attribution, lay_out(text).clauses) if unit == "clause" else attribution


def _answer(attribution: "Attribution", targets: Sequence[str]) -> dict[str, Any]:
    wanted = [name for name in targets if name in attribution.targets] or attribution.targets
    columns = [attribution.targets.index(name) for name in wanted]
    baseline_X, gap_X = attribution.baseline_X, attribution.gap_X
    return {
        "is_evidence": attribution.is_evidence,
        "targets": [
            {
                "target": attribution.targets[x],
                "full": _number(attribution.full_X[x]),
                "baseline": None if baseline_X is None else _number(baseline_X[x]),
                "gap": None if gap_X is None else _number(gap_X[x]),
            }
            for x in columns
        ],
        "units": [
            _unit(unit, value_X[columns])
            for unit, value_X in zip(attribution.units, attribution.value_UX, strict=True)
        ],
    }


def _unit(unit: "Unit", values: Sequence[float]) -> dict[str, Any]:
    return {
        "start": unit.start,
        "end": unit.end,
        "quote": unit.quote,
        "field": unit.field,
        "values": [_number(value) for value in values],
    }


def _number(value: float) -> float:
    return round(float(value), _DECIMALS)


def open_worker(model: str | None, *, cache_dir: str | None, digest: str) -> AttributionWorker:
    """Returns a worker on a model.

    Args:
        model: directory or reference of the model; None for the bundled one.
        cache_dir: where models of a registry are kept; None for the usual folder.
        digest: digest of the model that serves.

    Raises:
        ValueError: the model is another one by now.
    """
    from model_store.artifact import load_artifact  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415

    directory = resolve_model(model, cache_dir=Path(cache_dir) if cache_dir else None)
    artifact = load_artifact(directory)
    if artifact.manifest.digest != digest:
        raise ValueError(MODEL_DIFFERS)
    return AttributionWorker(artifact)


def answer_jobs(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers lines of jobs until there are no more; the first line names the model."""
    opening = json.loads(requests.readline())
    worker: AttributionWorker | None = None
    for line in requests:
        try:
            if worker is None:
                worker = open_worker(**opening)
            answer: dict[str, Any] = {"result": worker.explain(json.loads(line))}
        except Exception as error:  # noqa: BLE001 - whatever it is, the next job may do
            is_other = isinstance(error, ValueError) and error.args == (MODEL_DIFFERS,)
            answer = {"failure": MODEL_DIFFERS if is_other else FAILED, "kind": kind_of(error)}
        answers.write(json.dumps(answer, allow_nan=False).encode() + b"\n")
        answers.flush()


def kind_of(error: Exception) -> dict[str, str]:
    """Returns the class of an error and where it was raised."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = place.tb_frame.f_code.co_qualname if place is not None else ""
    return {"error": type(error).__name__, "raised_in": where}


def main() -> None:
    """Keeps the standard output for answers alone, and runs."""
    with suppress(OSError):
        os.nice(_LOWEST_PRIORITY)
    with open(os.dup(sys.stdout.fileno()), "wb") as answers:  # noqa: PTH123 - a descriptor
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(silence, stream.fileno())
        import torch  # noqa: PLC0415

        torch.set_num_threads(1)
        answer_jobs(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
