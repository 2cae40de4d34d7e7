"""The record of a finished cross-validation in MLflow."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from model_store.registry.mlflow_store import open_client, tracking_uri
from training.evaluation.bootstrap import Estimate
from training.evaluation.report import EvaluationReport
from training.tracking.run_folder import RunFolder, sentence_of
from training.tracking.tracked_values import Figure, log_figures, log_parameters, now_ms


def record_cross_validation(
    report: EvaluationReport, folder: Path, *, name: str, identity: Mapping[str, object]
) -> str | None:
    """Records figures, intervals, differences and report; again in the run that was made before.

    Args:
        report: what was found.
        folder: folder of the results, with the written report.
        name: name of the MLflow run.
        identity: what the figures depend on, as JSON values.

    Returns:
        What was not recorded and what to do; None if all is. A measurement is worth more than its
        record, so nothing is raised.
    """
    try:
        uri = tracking_uri()
        client = open_client(uri, create=True)
        run_id = RunFolder(folder, identity=identity).run_id(client, uri=uri, name=name)
        log_parameters(client, run_id, identity)
        log_figures(client, run_id, list(_figures(report)))
        for file in sorted(folder.glob("report.*")):
            client.log_artifact(run_id, str(file), "report")
        client.set_terminated(run_id, "FINISHED")
    except Exception as error:  # noqa: BLE001 (see above)
        return (
            f"the cross-validation is not recorded in MLflow ({sentence_of(error)}): mend that and "
            "give the same command again, which computes nothing twice"
        )
    return None


def _figures(report: EvaluationReport) -> Iterator[Figure]:
    estimates = {
        **{
            f"{subject}/{figure}": estimate
            for subject, found in report.figures.items()
            for figure, estimate in found.items()
        },
        **{
            f"difference to {difference.other}/{difference.figure}": difference.estimate
            for difference in (*report.differences, *report.form_differences)
        },
    }
    time_ms = now_ms()
    for name, estimate in estimates.items():
        for end, value in _ends(estimate):
            # MLflow takes no other characters in a name.
            yield re.sub(r"[^\w./: -]+", "", f"{name}{end}"), value, time_ms, 0


def _ends(estimate: Estimate) -> Iterator[tuple[str, float]]:
    values = {"": estimate.value, "/low": estimate.low, "/high": estimate.high}
    return ((end, float(value)) for end, value in values.items() if value is not None)
