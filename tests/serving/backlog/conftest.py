import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from serving.adapters.fake import FakePredictor
from serving.backlog.formats import check_output, output_format
from serving.backlog.identity import require_same
from serving.backlog.job import folder_of, open_job
from serving.backlog.loading import scorer_identity
from serving.backlog.local_job import ScoreOptions, identify, run
from serving.backlog.scorers import LocalScorer
from serving.backlog.source import InputFile, plan_input
from serving.scoring import ScoringService
from serving.settings import Settings

DEFAULTS = ScoreOptions()


def score(
    source, output, *, predictor=None, scorer=None, options=DEFAULTS, after_plan=lambda: None
):
    """`score_file` with a model without a network, in this process."""
    check_output(output, source=source)
    if scorer is None:
        service = ScoringService(predictor=predictor or FakePredictor())
        scorer = LocalScorer(service=service, identity=scorer_identity(service, Settings()))
    chosen = output_format(output)
    with open_job(folder_of(output), output=chosen) as job:
        given = InputFile.open(
            source, name=source.name, input_format=options.input_format, limit=options.limit
        )
        identity = identify(given, scorer=scorer.identity, options=options, output=chosen)
        begun = job.manifest()
        if begun is not None:
            require_same(job.folder, begun.identity, identity)
        manifest = begun or job.begin(
            identity, plan_input(given, shard_rows=options.shard_rows, folder=job.folder)
        )
        after_plan()
        summary = Console(file=io.StringIO(), width=100)
        engine = scorer.engine(job, output, source=given, explain=options.explain)
        run(job, output, engine=engine, manifest=manifest, summary=summary)
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
