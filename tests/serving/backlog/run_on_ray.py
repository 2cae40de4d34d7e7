"""Jobs on a local Ray with a model without a network; what came of them goes to told.json.

    python run_on_ray.py FOLDER

In FOLDER lie `in.jsonl` and `in.parquet`. The first scorer that comes to a certain text is killed.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serving.adapters.fake import FakePredictor
from serving.adapters.ray_data import ray_cluster
from serving.backlog.advance import Advance
from serving.backlog.engine import Outcome
from serving.backlog.errors import BacklogError
from serving.backlog.formats import output_format
from serving.backlog.identity import JobIdentity, ScorerIdentity
from serving.backlog.job import folder_of, open_job
from serving.backlog.loading import scorer_identity
from serving.backlog.planning import plan_input
from serving.backlog.scorers import ClusterScorer
from serving.backlog.source import InputFile
from serving.scoring import ScoringService
from serving.settings import Settings

SHARD_ROWS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeLoader:
    """Loads the model without a network; the first process to compute a certain text is killed.

    Attributes:
        folder: where it is noted which process computed which texts.
        word: what kills the first that computes it; None for nothing.
    """

    folder: Path
    word: str | None = None

    def reader(self):
        return ScoringService(predictor=FakePredictor())

    def scorer(self):
        return ScoringService(predictor=FakePredictor(before=self._before))

    def identity(self, service) -> ScorerIdentity:
        return scorer_identity(service, Settings(threads=1))

    def _before(self, texts):
        with (self.folder / f"computed-{os.getpid()}").open("a") as file:
            file.writelines(f"{text[:20]}\n" for text in texts)
        if self.word is not None and any(self.word in text for text in texts):
            with suppress(FileExistsError):
                (self.folder / "killed").touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGKILL)


class Told:
    """Keeps the last that it heard."""

    def __init__(self):
        self.rows, self.calls = 0, 0

    def update(self, advance: Advance) -> None:
        self.rows, self.calls = advance.num_rows, self.calls + 1


def score(cluster, source, output, *, loader, stop_after=None):
    """Scores a file; breaks off after so many shards where that is asked for."""
    chosen, outcome, told = output_format(output), Outcome(), Told()
    with open_job(folder_of(output), output=chosen) as job:
        given = InputFile.open(source, name=source.name, input_format="auto", limit=None)
        scorer = ClusterScorer(
            cluster=cluster, loader=loader, identity=loader.identity(loader.reader())
        )
        identity = JobIdentity.of(
            given,
            scorer.identity,
            input_format="auto",
            limit=None,
            shard_rows=SHARD_ROWS,
            output=output.suffix,
            explain="none",
        )
        plan = plan_input(given, shard_rows=SHARD_ROWS, folder=job.folder)
        manifest = job.manifest() or job.begin(identity, plan)
        engine = scorer.engine(job, output, source=given, explain="none")
        if stop_after is not None:
            told.update = lambda advance: _stop(advance, stop_after)
        try:
            engine.run(manifest, outcome=outcome, report=told)
        except KeyboardInterrupt:
            return {"done": outcome.tally.num_rows}
        except BacklogError as error:
            return {"refused": type(error).__name__, "done": outcome.tally.num_rows}
        job.join(output)
        job.remove()
        return {
            "rows": told.rows,
            "calls": told.calls,
            "resumed": outcome.resumed.num_rows,
            "computed": sum(
                len(path.read_text().splitlines()) for path in loader.folder.glob("computed-*")
            ),
            "processes": len(list(loader.folder.glob("computed-*"))),
        }


def _stop(advance: Advance, rows: int) -> None:
    if advance.num_rows - advance.resumed_rows >= rows:
        raise KeyboardInterrupt


def loader_in(folder: Path, *, word: str | None = None) -> FakeLoader:
    folder.mkdir()
    return FakeLoader(folder=folder, word=word)


def main(folder: Path) -> None:
    """Runs the jobs."""
    with ray_cluster(num_cores=1) as cluster:
        told = {"identity": cluster.identity(FakeLoader(folder=folder)).engine}
        for name in ("jsonl", "parquet"):
            loader = loader_in(folder / f"{name}-notes", word="text 9 ")
            output = folder / f"ray-{name}.jsonl"
            told[name] = score(cluster, folder / f"in.{name}", output, loader=loader)
        output, source = folder / "resumed.jsonl", folder / "in.parquet"
        loader = loader_in(folder / "begun-notes")
        told["begun"] = score(cluster, source, output, loader=loader, stop_after=8)
        loader = loader_in(folder / "resumed-notes")
        told["resumed"] = score(cluster, source, output, loader=loader)
    (folder / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
