"""Jobs on a local Ray of several processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving.backlog.job import folder_of
from serving.backlog.local_job import ScoreOptions

RUNNER = Path(__file__).with_name("run_on_ray.py")
COMMAND = Path(sys.executable).with_name("wherefore")
SMALL = ScoreOptions(shard_rows=4)
PATIENCE_S = 900


def environment(**more):
    known = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "WHEREFORE_ENGINE": "torch"}
    return os.environ | known | more


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What became of the jobs of `run_on_ray.py`, and the folder of their outputs."""
    folder = tmp_path_factory.mktemp("ray")
    texts = [f"text {i} Her debts are heavy. {'More. ' * (i % 7)}" for i in range(40)]
    rows = [{"id": f"A{i}", "text": text} for i, text in enumerate(texts)]
    (folder / "in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), folder / "in.parquet", row_group_size=10)
    done = subprocess.run(
        [sys.executable, RUNNER, folder],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads((folder / "told.json").read_text())


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_scorer_that_is_killed_takes_nothing_with_it_and_the_output_is_the_local_engines(
    backlog, told, tmp_path, kind
):
    folder, jobs = told
    local = tmp_path / "local.jsonl"
    backlog.score(folder / "in.jsonl", local, options=SMALL)
    assert (folder / f"ray-{kind}.jsonl").read_bytes() == local.read_bytes()
    assert (folder / f"{kind}-notes" / "killed").exists()
    job = jobs[kind]
    assert (job["rows"], job["calls"], job["resumed"]) == (40, 10, 0)
    assert job["processes"] >= 3  # two scorers, and the one that took a dead one's place
    assert 40 < job["computed"] <= 48  # what was under way is computed again, and no more


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_was_done_on_ray_is_not_scored_again(backlog, told, tmp_path):
    folder, jobs = told
    assert jobs["begun"]["done"] == 8
    again = jobs["resumed"]
    assert again["rows"] == 40
    assert again["resumed"] >= 8
    assert again["computed"] == 40 - again["resumed"]
    local = tmp_path / "local.jsonl"
    backlog.score(folder / "in.jsonl", local, options=SMALL)
    assert (folder / "resumed.jsonl").read_bytes() == local.read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_command_on_ray_gives_the_files_of_the_command_alone(backlog, tiny_model, tmp_path):
    rows = [{"id": f"A{i}", "text": f"Debts. {'More. ' * (i % 9)}"} for i in range(40)]
    backlog.write(tmp_path / "in.jsonl", [*rows, {"text": ""}, rows[3]])

    def run(engine, output):
        command = ["score", "in.jsonl", output, "--model", tiny_model, "--engine", engine]
        done = subprocess.run(
            [COMMAND, *map(str, command), "--shard-rows", "8", "--explain", "fast"],
            cwd=tmp_path,
            env=environment(WHEREFORE_THREADS="1", COLUMNS="100"),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    printed = run("ray", "ray.parquet")
    assert "rows │ 42" in printed
    assert "error duplicate_id │ 1" in printed
    run("local", "local.parquet")
    for suffix in ("", ".manifest.json"):
        found = [(tmp_path / f"{name}.parquet{suffix}").read_bytes() for name in ("ray", "local")]
        assert found[0] == found[1]
    assert not folder_of(tmp_path / "ray.parquet").exists()


def test_without_ray_the_command_says_how_to_install_it_and_leaves_nothing(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    hide = "import sys; sys.modules['ray'] = None; sys.argv[0] = 'wherefore';"
    program = f"{hide} from data_pipeline.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "score", "in.jsonl", "out.jsonl", "--engine", "ray"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "make install EXTRAS=ray" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
