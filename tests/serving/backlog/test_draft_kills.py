"""A job by due date with drafts, killed for good again and again."""

import json
import subprocess
import sys
from pathlib import Path

RUNNER = Path(__file__).with_name("run_with_drafts.py")
POLICY = Path(__file__).parents[3] / "configs" / "policy.yaml"
SHARD_ROWS, NUM_SHARDS, KILLS = 4, 60, 5
PATIENCE_S = 480
CREDITOR = {
    "name": "Quarry Street Finance Company",
    "address_lines": ["400 Quarry Street", "Millbrook, OH 43299"],
    "creditor_type": "other_creditor",
    "time_zone": "America/New_York",
}


def row(number):
    found = {
        "id": f"A{number}",
        "text": f"Debts. {number}" if number % 3 else f"Fine. {number}",
        "applicant_name": f"Dana Whitlow {number}",
        "applicant_address_lines": ["18 Alder Court", "Millbrook, OH 43299"],
        "credit_requested": "a personal loan",
        "completed_at": f"2026-11-{1 + number * 7 % 19:02}" if number % 5 else "soon",
    }
    return "no json" if number % 17 == 0 else json.dumps(found)


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_rows_and_drafts_of_a_run_killed_again_and_again_are_those_of_one_nothing_stopped(
    tmp_path,
):
    policy = f"{POLICY.read_text()}\ncreditor: {json.dumps(CREDITOR)}\n"
    (tmp_path / "policy.yaml").write_text(policy)
    rows = [row(number) for number in range(1, NUM_SHARDS * SHARD_ROWS + 1)]
    (tmp_path / "in.jsonl").write_text("\n".join(rows) + "\n")
    done = subprocess.run(
        [sys.executable, RUNNER, str(SHARD_ROWS), str(KILLS)],
        cwd=tmp_path,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    table = [json.loads(x) for x in (tmp_path / "out" / "drafts.jsonl").read_text().splitlines()]
    assert sorted(entry["row"] for entry in table) == list(range(1, len(rows) + 1))
    assert {entry["outcome"] for entry in table} == {"drafted", "not_advised", "not_scored"}
    days = [entry["due_on"] for entry in table if entry["due_on"]]
    assert days == sorted(days)
    assert all(entry["due_on"] is None for entry in table[len(days) :])
