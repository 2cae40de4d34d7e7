"""A driver from end to end, with a tiny model and no peer, in an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "bench_peers.py"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ours_in_two_precisions_answer_alike_and_a_peer_that_is_not_installed_is_named(tmp_path):
    command = [sys.executable, PROGRAM, "--quick", "--threads", "1", "--output", tmp_path]
    done = subprocess.run(
        [*command, "--systems", "wherefore", "LitServe"],
        cwd=tmp_path,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout.splitlines()[-1])
    rows = {(row["table"], row["precision"]): row for row in content["rows"]}
    assert {row["system"] for row in rows.values()} == {"wherefore"}
    assert rows["fp32", "fp32"]["verdict"]["largest_logit_difference"] == 0
    assert {precision for table, precision in rows if table == "best"}
    for row in rows.values():
        assert row["verdict"]["largest_logit_difference"] < 0.5
        assert len(row["rates"]) == 2
    assert any("LitServe" in note and "bench-peers-install" in note for note in content["notes"])
    assert (tmp_path / f"{content['date']}-peers.md").read_text().startswith("# Beside its peers")
