import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from serving.adapters.fake import FakePredictor
from serving.backlog.formats import check_output, output_format
from serving.backlog.job import folder_of, open_job
from serving.backlog.loading import scorer_identity
from serving.backlog.local_job import ScoreOptions, score_job
from serving.backlog.scorers import LocalScorer
from serving.backlog.source import InputFile
from serving.policy import DEFAULT_POLICY
from serving.scoring import ScoringService
from serving.settings import Settings

DEFAULTS = ScoreOptions()


def score(
    source,
    output,
    *,
    predictor=None,
    scorer=None,
    options=DEFAULTS,
    policy=DEFAULT_POLICY,
    after_plan=lambda: None,
):
    """`score_file` with a model without a network, in this process."""
    check_output(output, source=source)
    if scorer is None:
        service = ScoringService(predictor=predictor or FakePredictor(), policy=policy)
        scorer = LocalScorer(service=service, identity=scorer_identity(service, Settings()))
    with open_job(folder_of(output), output=output_format(output, order=options.order)) as job:
        given = InputFile.open(
            source,
            name=source.name,
            input_format=options.input_format,
            limit=options.limit,
            beside=options.beside(policy),
        )
        summary = Console(file=io.StringIO(), width=100)
        score_job(
            job,
            output,
            source=given,
            scorer=scorer,
            options=options,
            policy=policy,
            summary=summary,
            after_plan=after_plan,
        )
        return summary.file.getvalue()


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def codes(path):
    return [row["error"] and row["error"]["code"] for row in lines(path)]


def write_lines(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def backlog():
    """Scoring in this process, and what reads and writes its files."""
    return SimpleNamespace(score=score, lines=lines, codes=codes, write=write_lines)


@pytest.fixture
def texts(tmp_path):
    """A file of forty short applications of different lengths."""
    rows = [
        {"id": f"A{i}", "text": f"Her debts are heavy. {'More. ' * (i % 7)}"} for i in range(40)
    ]
    return write_lines(tmp_path / "in.jsonl", rows)
