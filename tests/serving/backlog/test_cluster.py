"""The steps that processes of a cluster take, taken here, in whatever order."""

import itertools
import pickle
import random
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_store.registry.models import ModelRegistry
from model_store.registry.registration import register_model
from serving.adapters.fake import FakePredictor
from serving.backlog.errors import (
    AnotherJobError,
    ClusterFailedError,
    EngineFailedError,
    FolderNotSharedError,
    InputChangedError,
    JobMismatchError,
    ScorersDifferError,
    ShardsMissingError,
)
from serving.backlog.job import folder_of
from serving.backlog.loading import ModelLoader, scorer_identity
from serving.backlog.local_job import ScoreOptions
from serving.backlog.plan import PlannedShard
from serving.backlog.runs import placed, reading_runs
from serving.backlog.scorers import ClusterScorer, opened_scorer
from serving.backlog.source import InputFile
from serving.backlog.workers import Refusal, ShardReader, ShardWriter
from serving.policy import DEFAULT_POLICY, CreditorProfile, Policy
from serving.scoring import ScoringService
from serving.settings import Settings

SMALL = ScoreOptions(shard_rows=4)
WITH_CREDITOR = DEFAULT_POLICY.model_copy(
    update={
        "creditor": CreditorProfile(
            name="Quarry Street Finance Company",
            address_lines=("400 Quarry Street", "Millbrook, OH 43299"),
            creditor_type="other_creditor",
            time_zone="America/New_York",
        )
    }
)


@dataclass(kw_only=True)
class FakeLoader:
    """Loads a model without a network."""

    predictor: FakePredictor = field(default_factory=FakePredictor)
    policy: Policy = DEFAULT_POLICY

    def reader(self):
        return ScoringService(predictor=FakePredictor(), policy=self.policy)

    def scorer(self):
        return ScoringService(predictor=self.predictor, policy=self.policy)

    def identity(self, service):
        return scorer_identity(service, Settings())


@dataclass(kw_only=True)
class OneProcess:
    """Two readers and three writers, and what one sends another goes as bytes."""

    seed: int = 0
    dies_before: int | None = None
    read: list[int] = field(default_factory=list)

    def identity(self, loader):
        return loader.identity(loader.scorer())

    def score(self, order, runs):
        numbers = random.Random(self.seed)
        readers = [ShardReader(order) for _ in range(2)]
        shards = [
            pickle.dumps(shard) for run in runs for shard in numbers.choice(readers).read(run)
        ]
        self.read += [shard.plan.index for run in runs for shard in run.shards]
        numbers.shuffle(shards)
        writers = [ShardWriter(order) for _ in range(3)]
        for number, shard in enumerate(shards):
            if number == self.dies_before:
                return
            yield pickle.loads(pickle.dumps(numbers.choice(writers).write(pickle.loads(shard))))


def scorer_on(cluster, predictor=None, *, policy=DEFAULT_POLICY):
    loader = FakeLoader(predictor=predictor or FakePredictor(), policy=policy)
    return ClusterScorer(cluster=cluster, loader=loader, identity=cluster.identity(loader))


def as_parquet(rows, path):
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=10)
    return path


def counts(printed):
    """The words of a summary that do not depend on the clock."""
    lines = [line for line in printed.splitlines() if "seconds" not in line and "/s" not in line]
    return [word for line in lines for word in line.split() if "─" not in word]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("suffix", [".jsonl", ".csv.gz", ".parquet"])
def test_a_cluster_gives_the_bytes_of_one_process_in_whatever_order(
    tmp_path, backlog, texts, kind, suffix
):
    source = texts if kind == "jsonl" else as_parquet(backlog.lines(texts), tmp_path / "in.parquet")
    local = tmp_path / f"local{suffix}"
    summary = backlog.score(source, local, options=SMALL)
    for seed in (1, 2):
        output = tmp_path / f"cluster{seed}{suffix}"
        told = backlog.score(source, output, options=SMALL, scorer=scorer_on(OneProcess(seed=seed)))
        assert output.read_bytes() == local.read_bytes()
        manifests = [path.with_name(f"{path.name}.manifest.json") for path in (output, local)]
        assert manifests[0].read_bytes() == manifests[1].read_bytes()
        assert counts(told) == counts(summary)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_what_is_done_is_neither_read_nor_scored_again_and_engines_take_turns(
    tmp_path, backlog, texts, kind
):
    source = texts if kind == "jsonl" else as_parquet(backlog.lines(texts), tmp_path / "in.parquet")
    backlog.score(source, tmp_path / "local.jsonl", options=SMALL)
    output = tmp_path / "out.jsonl"
    with pytest.raises(ShardsMissingError, match="4 shards not done"):
        backlog.score(
            source, output, options=SMALL, scorer=scorer_on(OneProcess(seed=3, dies_before=6))
        )
    assert not output.exists()
    done = {int(path.name[:8]) for path in folder_of(output).glob("*.record.json")}
    assert len(done) == 6
    second = OneProcess(seed=4, dies_before=2)
    with pytest.raises(ShardsMissingError):
        backlog.score(source, output, options=SMALL, scorer=scorer_on(second))
    assert set(second.read) == set(range(10)) - done
    computed = []
    backlog.score(source, output, options=SMALL, predictor=FakePredictor(before=computed.append))
    assert len(computed) == 2
    assert output.read_bytes() == (tmp_path / "local.jsonl").read_bytes()


def test_of_parquet_only_the_row_groups_with_missing_rows_are_opened(tmp_path, backlog, texts):
    source = as_parquet(backlog.lines(texts), tmp_path / "in.parquet")
    given = InputFile.open(source, name="in", input_format="auto", limit=None)
    assert given.part_starts() == [0, 10, 20, 30]
    whole = list(given.records())
    for position in range(40):
        assert list(given.records_from(position)) == whole[position:]
    plan = [PlannedShard(index=i, num_rows=4, num_characters=0, digest="") for i in range(10)]
    missing = [shard for shard in placed(plan) if shard.plan.index in {1, 2, 4, 9}]
    runs = list(reading_runs(missing, part_starts=given.part_starts()))
    found = [[shard.plan.index for shard in run.shards] for run in runs]
    assert found == [[1, 2], [4], [9]]


def test_a_limit_holds_wherever_reading_begins(tmp_path, backlog, texts):
    source = as_parquet(backlog.lines(texts), tmp_path / "in.parquet")
    given = InputFile.open(source, name="in", input_format="auto", limit=13)
    whole = list(given.records())
    assert [list(given.records_from(at)) for at in range(13)] == [whole[at:] for at in range(13)]


def test_an_input_that_changes_is_refused_by_whoever_reads_it(tmp_path, backlog, texts):
    def alter():
        texts.write_text(texts.read_text().replace("heavy", "light"))

    with pytest.raises(InputChangedError, match="begin anew"):
        backlog.score(
            texts,
            tmp_path / "out.jsonl",
            options=SMALL,
            scorer=scorer_on(OneProcess()),
            after_plan=alter,
        )
    assert not (tmp_path / "out.jsonl").exists()


def test_a_machine_that_would_score_with_something_else_is_refused(tmp_path, backlog, texts):
    other = FakePredictor()
    other.digest = "1" * 64
    scorer = scorer_on(OneProcess())
    scorer.loader.predictor = other
    with pytest.raises(ScorersDifferError, match="machines of one kind"):
        backlog.score(texts, tmp_path / "out.jsonl", options=SMALL, scorer=scorer)


def test_a_job_begun_with_another_model_is_refused_on_a_cluster_too(tmp_path, backlog, texts):
    output, other = tmp_path / "out.jsonl", FakePredictor()
    other.digest = "1" * 64
    with pytest.raises(ShardsMissingError):
        backlog.score(texts, output, options=SMALL, scorer=scorer_on(OneProcess(dies_before=3)))
    with pytest.raises(JobMismatchError) as caught:
        backlog.score(texts, output, options=SMALL, scorer=scorer_on(OneProcess(), other))
    assert caught.value.what == "model"


def test_an_engine_that_fails_at_everything_stops_the_cluster(tmp_path, backlog, texts):
    def fail(_texts):
        raise MemoryError("the words of an applicant")

    scorer = scorer_on(OneProcess(), FakePredictor(before=fail))
    with pytest.raises(EngineFailedError) as caught:
        backlog.score(texts, tmp_path / "out.jsonl", options=SMALL, scorer=scorer)
    assert "applicant" not in str(caught.value)


@pytest.mark.parametrize("error", [FolderNotSharedError, AnotherJobError])
def test_a_machine_that_does_not_find_the_job_in_its_folder_writes_nothing(
    tmp_path, backlog, texts, error
):
    output, calls = tmp_path / "out.jsonl", itertools.count()
    manifest = folder_of(output) / "manifest.json"

    def at_the_fifth(_texts):
        if next(calls) == 5:
            kept = manifest.read_text()
            manifest.unlink()
            if error is AnotherJobError:
                manifest.write_text(kept.replace('"limit": null', '"limit": 3'))

    scorer = scorer_on(OneProcess(), FakePredictor(before=at_the_fifth))
    with pytest.raises(error):
        backlog.score(texts, output, options=SMALL, scorer=scorer)
    assert not output.exists()


def test_what_a_process_did_not_expect_is_told_by_its_kind_alone():
    def fail():
        raise RuntimeError("the words of an applicant")

    refusal = pickle.loads(pickle.dumps(Refusal.guard(fail)))
    assert isinstance(refusal.error(), ClusterFailedError)
    assert "RuntimeError" in str(refusal.error())
    assert "applicant" not in str(refusal.error())


def test_those_who_write_the_same_shard_at_once_do_not_write_into_one_file(tmp_path, backlog):
    source = backlog.write(tmp_path / "in.jsonl", [{"text": "Debts."}])
    names = []

    class Twice(OneProcess):
        def score(self, order, runs):
            writers = [ShardWriter(order) for _ in range(2)]
            names.extend(writer._job._writer for writer in writers)
            [shard] = ShardReader(order).read(runs[0])
            for writer in writers:
                yield writer.write(shard)

    printed = backlog.score(source, tmp_path / "out.jsonl", scorer=scorer_on(Twice()))
    assert len(set(names)) == 2
    assert "rows │ 1" in " ".join(printed.split())
    assert len(backlog.lines(tmp_path / "out.jsonl")) == 1


def test_an_order_carries_no_secret_of_the_settings():
    settings = Settings(api_key="a-key-for-tests-of-32-characters", threads=3, model="here")
    loader = ModelLoader.of(settings, DEFAULT_POLICY)
    assert b"a-key-for-tests" not in pickle.dumps(loader)
    assert (loader.settings.threads, loader.settings.model) == (3, "here")


def test_an_order_names_the_version_that_an_alias_has(mlflow_uri, tiny_model):
    register_model(ModelRegistry.open(), tiny_model, name="tiny")
    settings = Settings(model="models:/tiny@challenger")
    assert ModelLoader.of(settings, DEFAULT_POLICY).settings.model == "models:/tiny/1"


def test_a_stored_model_scores_on_a_cluster_as_it_does_here(tmp_path, backlog, texts, tiny_model):
    settings = Settings(model=str(tiny_model), engine="torch", threads=1)
    with opened_scorer("local", settings=settings, policy=DEFAULT_POLICY) as scorer:
        backlog.score(texts, tmp_path / "local.parquet", options=SMALL, scorer=scorer)
    cluster = OneProcess(seed=5)
    loader = pickle.loads(pickle.dumps(ModelLoader.of(settings, DEFAULT_POLICY)))
    scorer = ClusterScorer(cluster=cluster, loader=loader, identity=cluster.identity(loader))
    backlog.score(texts, tmp_path / "cluster.parquet", options=SMALL, scorer=scorer)
    for suffix in ("", ".manifest.json"):
        found = [tmp_path / f"{name}.parquet{suffix}" for name in ("local", "cluster")]
        assert found[0].read_bytes() == found[1].read_bytes()


def test_a_cluster_and_torchserve_exclude_one_another():
    settings = Settings(torchserve_url="http://127.0.0.1:8080")
    with (
        pytest.raises(Exception, match="expected one of them"),
        opened_scorer("ray", settings=settings, policy=DEFAULT_POLICY),
    ):
        pass


def test_the_output_of_an_empty_file_is_made_without_a_cluster(tmp_path, backlog):
    (tmp_path / "in.jsonl").write_text("")
    cluster = OneProcess()
    backlog.score(tmp_path / "in.jsonl", tmp_path / "out.csv", scorer=scorer_on(cluster))
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1
    assert cluster.read == []


def for_a_notice(number):
    return {
        "id": f"A{number}",
        "text": f"Her debts are heavy. {number}",
        "completed_at": f"2026-11-0{1 + number % 9}",
        "applicant_name": "Dana Whitlow",
        "applicant_address_lines": ["18 Alder Court", "Millbrook, OH 43299"],
        "credit_requested": "a personal loan",
    }


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_cluster_orders_rows_and_drafts_notices_as_one_process_does(tmp_path, backlog, kind):
    rows, source = [for_a_notice(number) for number in range(1, 25)], tmp_path / f"in.{kind}"
    if kind == "jsonl":
        backlog.write(source, rows)
    else:
        as_parquet(rows, source)
    found = {}
    cluster = scorer_on(OneProcess(seed=6), policy=WITH_CREDITOR)
    for name, scorer in {"local": None, "cluster": cluster}.items():
        folder, output = tmp_path / name, tmp_path / f"{name}.jsonl"
        options = ScoreOptions(
            shard_rows=4,
            order="due-date",
            draft_notices=folder,
            notices_dated=date(2026, 11, 20),
        )
        backlog.score(source, output, options=options, policy=WITH_CREDITOR, scorer=scorer)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        found[name] = [output.read_bytes(), *(path.read_bytes() for path in files)]
        assert len(files) == 25
    assert found["local"] == found["cluster"]
