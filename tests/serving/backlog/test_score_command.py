"""`wherefore score` as a user runs it, with a model of random weights."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_pipeline.domain.rendering import render_text
from data_pipeline.sources import application_from_mapping
from serving.backlog.formats import output_format
from serving.backlog.job import folder_of, open_job
from serving.rows import ROW_FIELDS

COMMAND = Path(sys.executable).with_name("wherefore")
DATA = Path(__file__).parents[2] / "data"


def refused(result):
    """The one sentence of a command that ended with exit code 2."""
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("wherefore: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    return result.stderr


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def evidence(row):
    reasons = [*row["principal_reasons"], *row["review_reasons"]]
    return [span for reason in reasons for span in reason["evidence"]]


def test_the_development_texts_get_a_row_each(wherefore, tiny_model, tmp_path):
    source = DATA / "narratives_dev.jsonl"
    result = wherefore("score", source, "out.jsonl", "--model", tiny_model)
    assert result.returncode == 0, result.stderr
    given, scored = lines(source), lines(tmp_path / "out.jsonl")
    assert [row["id"] for row in scored] == [row["id"] for row in given]
    assert all(tuple(row) == ROW_FIELDS and row["error"] is None for row in scored)
    for before, after in zip(given, scored, strict=True):
        rendered = render_text(application_from_mapping(before))
        for span in evidence(after):
            assert rendered[span["start"] : span["end"]] == span["quote"]
            assert span["end"] <= len(before["text"]) or span["start"] > len(before["text"])
    assert "texts/s" in result.stdout


def test_labels_beside_the_text_are_not_read(wherefore, tiny_model, tmp_path):
    row = {"id": "1", "text": "Her debts are heavy."}
    labelled = row | {"id": "2", "denied": True, "categories": ["collateral"]}
    (tmp_path / "in.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(labelled)}\n")
    wherefore("score", "in.jsonl", "out.jsonl", "--model", tiny_model)
    first, second = lines(tmp_path / "out.jsonl")
    assert first | {"id": "2"} == second


def test_rows_before_and_after_bad_rows_are_scored(wherefore, tiny_model, tmp_path):
    bad = [
        b'{"text": ""}',
        b'{"text": "' + b"a" * 70_000 + b'"}',
        b'{"text": "\xff"}',
        b'{"text": "a\\u0000b"}',
        b'{"text": 5}',
        b'{"text": "a", "loan_amount_usd": "much"}',
        b"not json",
        b"[1]",
    ]
    good = b'{"text": "Her debts are heavy."}'
    (tmp_path / "in.jsonl").write_bytes(b"\n".join([good, *bad, good]) + b"\n")
    result = wherefore("score", "in.jsonl", "out.jsonl", "--model", tiny_model)
    assert result.returncode == 0, result.stderr
    rows = lines(tmp_path / "out.jsonl")
    assert [row["id"] for row in rows] == [str(number) for number in range(1, 11)]
    assert [row["error"] and row["error"]["code"] for row in rows] == [
        None,
        "empty_application",
        "text_too_long",
        "invalid_utf8",
        "nul_byte",
        "invalid_field",
        "invalid_field",
        "invalid_json",
        "invalid_json",
        None,
    ]
    assert rows[0]["risk_score"] == rows[9]["risk_score"]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("limit", [0, 10**13, 10**30])
def test_a_limit_that_no_file_has_is_refused(wherefore, tmp_path, limit):
    (tmp_path / "in.jsonl").write_text('{"text": "Fine."}\n')
    result = wherefore("score", "in.jsonl", "out.jsonl", "--limit", limit)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "--limit" in result.stderr


def test_an_hmda_register_gives_a_row_for_each_of_its_rows(wherefore, tiny_model, tmp_path):
    source = DATA / "hmda_sample.csv"
    result = wherefore(
        "score", source, "out.parquet", "--format", "hmda", "--model", tiny_model, "--limit", 25
    )
    assert result.returncode == 0, result.stderr
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.num_rows == 25
    assert tuple(table.column_names) == ROW_FIELDS
    assert re.search(r"rows\s+│\s+25\b", result.stdout)


def test_csv_in_and_csv_out(wherefore, tiny_model, tmp_path):
    (tmp_path / "in.csv").write_text('id,text,age\nA,"Her debts, mostly",61\n,Fine.,30\n')
    result = wherefore("score", "in.csv", "out.csv", "--model", tiny_model)
    assert result.returncode == 0, result.stderr
    header, first, second = (tmp_path / "out.csv").read_text().splitlines()
    assert header == ",".join(ROW_FIELDS)
    assert first.startswith("A,")
    assert second.startswith("2,")


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("in.jsonl.zst", b"no zstd at all", "broken"),
        ("none.jsonl", None, "does not exist"),
        ("in.docx", b"PK", "suffix"),
        ("in.csv", b"a,b\n1,2\n", "a"),
        ("in.csv", b"", "column"),
        ("in.parquet", b"PAR1 this is none", "in.parquet"),
    ],
)
def test_an_input_that_cannot_be_read_is_refused_in_one_sentence(
    wherefore, tmp_path, name, content, found
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert found in refused(wherefore("score", name, "out.jsonl"))
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("out.xlsx", "suffix '.xlsx'"),
        ("missing/out.csv", "does not exist"),
        ("in.jsonl", "is the input itself"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_in_one_sentence(
    wherefore, tmp_path, output, found
):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    assert found in refused(wherefore("score", "in.jsonl", output))
    assert (tmp_path / "in.jsonl").read_text() == '{"text": "Debts."}\n'


def test_an_unknown_format_is_refused(wherefore, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    result = wherefore("score", "in.jsonl", "out.jsonl", "--format", "pdf")
    assert result.returncode == 2
    assert "pdf" in result.stderr
    assert "Traceback" not in result.stderr


def tampered(directory):
    weights = directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")


def without_manifest(directory):
    (directory / "manifest.json").unlink()


@pytest.mark.parametrize("command", ["score", "serve"])
@pytest.mark.parametrize("break_it", [tampered, without_manifest, shutil.rmtree])
def test_a_broken_model_is_refused_in_one_sentence(
    wherefore, tiny_model, tmp_path, command, break_it
):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    directory = tmp_path / "model"
    shutil.copytree(tiny_model, directory)
    break_it(directory)
    arguments = ["in.jsonl", "out.jsonl"] if command == "score" else ["--port", 0]
    refused(wherefore(command, *arguments, "--model", directory))
    assert not (tmp_path / "out.jsonl").exists()


def test_standard_input_goes_to_standard_output(tiny_model, tmp_path):
    done = subprocess.run(
        [COMMAND, "score", "-", "-", "--model", tiny_model],
        cwd=tmp_path,
        env=os.environ | {"WHEREFORE_ENGINE": "torch"},
        input=b'{"id": "A", "text": "Debts."}\n{"text": "Fine."}\n',
        capture_output=True,
        timeout=300,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["A", "2"]
    assert b"texts/s" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "limits",
    [pytest.param((16, 16, 0), id="at a shard"), pytest.param((32, 2, 32), id="at the output")],
)
def test_a_full_disk_is_told_keeps_what_was_scored_and_the_run_goes_on_later(
    wherefore, tiny_model, tmp_path, limits
):
    most_kib, shard_rows, num_kept = limits
    text = "Her debts are heavy. " * 40
    rows = [json.dumps({"id": f"{i}", "text": text}) + "\n" for i in range(64)]
    (tmp_path / "in.jsonl").write_text("".join(rows))
    command = ["score", "in.jsonl", "out.csv", "--model", tiny_model, "--shard-rows", shard_rows]
    limited = subprocess.run(
        ["bash", "-c", f'ulimit -f {most_kib}; exec "$0" "$@"', COMMAND, *map(str, command)],
        cwd=tmp_path,
        env=os.environ | {"WHEREFORE_ENGINE": "torch", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "cannot be written" in refused(limited)
    assert not (tmp_path / "out.csv").exists()
    assert len(list((tmp_path / "out.csv.shards").glob("*.record.json"))) == num_kept
    assert wherefore(*command, "--resume").returncode == 0
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 65


def test_a_full_standard_output_is_told_in_one_sentence(tiny_model, tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [COMMAND, "score", "-", "-", "--model", tiny_model],
            cwd=tmp_path,
            env=os.environ | {"WHEREFORE_ENGINE": "torch"},
            input=b'{"text": "Debts."}\n',
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=300,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(b"wherefore: standard output cannot be written")
    assert b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_second_worker_on_the_same_output_is_refused_in_one_sentence(wherefore, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    output = tmp_path / "out.jsonl"
    with open_job(folder_of(output), output=output_format(output)):
        told = refused(wherefore("score", "in.jsonl", "out.jsonl"))
    assert "another process works on" in told
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_target_that_cannot_be_written_is_refused_in_one_sentence(wherefore, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    assert "cannot be written" in refused(wherefore("score", "in.jsonl", "/proc/out.jsonl"))


def test_without_an_earlier_run_there_is_nothing_to_resume(wherefore, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Debts."}\n')
    assert "to resume" in refused(wherefore("score", "in.jsonl", "out.jsonl", "--resume"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


CREDITOR = """
creditor:
  name: Quarry Street Finance Company
  address_lines: ["400 Quarry Street", "Millbrook, OH 43299"]
  creditor_type: other_creditor
  time_zone: America/New_York
"""
POLICY = Path(__file__).parents[3] / "configs" / "policy.yaml"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--order", "due-date"], "has no column completed_at or received_at"),
        (["--draft-notices", "drafts"], "the policy names no creditor"),
        (["--notices-dated", "2026-11-20"], "no notices are drafted"),
    ],
)
def test_an_option_that_the_input_or_the_policy_cannot_meet_is_refused_in_one_sentence(
    wherefore, tmp_path, options, found
):
    (tmp_path / "in.csv").write_text("text\nDebts.\n")
    assert found in refused(wherefore("score", "in.csv", "out.jsonl", *options))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_standard_input_is_ordered_by_due_date_and_its_notices_drafted(tiny_model, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY.read_text() + CREDITOR)
    rows = [
        {"id": f"A{day}", "text": "Debts.", "completed_at": f"2026-11-0{day}"} for day in (3, 1)
    ]
    options = ["--order", "due-date", "--draft-notices", "drafts", "--notices-dated", "2026-11-20"]
    done = subprocess.run(
        [COMMAND, "score", "-", "out.jsonl", "--model", tiny_model, *options],
        cwd=tmp_path,
        env=os.environ | {"WHEREFORE_ENGINE": "torch", "WHEREFORE_POLICY_FILE": "policy.yaml"},
        input="".join(f"{json.dumps(row)}\n" for row in rows).encode(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [(row["id"], row["row"]) for row in lines(tmp_path / "out.jsonl")] == [
        ("A1", 2),
        ("A3", 1),
    ]
    table = lines(tmp_path / "drafts" / "drafts.jsonl")
    assert [(entry["id"], entry["due_on"]) for entry in table] == [
        ("A1", "2026-12-01"),
        ("A3", "2026-12-03"),
    ]
    assert {entry["outcome"] for entry in table} <= {"particulars_missing", "not_advised"}
    assert not (tmp_path / "out.jsonl.shards").exists()
