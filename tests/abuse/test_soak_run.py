"""A soak of some seconds with real parts: the driver works, and keeps its own promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "run_soak.py"
SHORT = {
    "--seconds": "15", "--period": "5", "--hold": "1.5", "--rate": "4", "--share": "1",
    "--texts": "24",
}  # fmt: skip
FAULTS = ("restart", "database-killed", "disk-full")


@pytest.mark.slow
def test_a_short_soak_with_three_faults_breaks_no_promise(tmp_path):
    options = [word for option in SHORT.items() for word in option]
    events = tmp_path / "events.jsonl"
    done = subprocess.run(
        [sys.executable, PROGRAM, *options, "--faults", *FAULTS, "--no-mount",
         "--events", events, "--output", tmp_path],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["is_kept"]
    found = json.loads((tmp_path / f"{told['date']}-soak.json").read_text())
    assert set(found["faults"]) == set(FAULTS)
    assert all(row["recovered_s"] is not None for row in found["faults"].values())
    assert found["reconciled"]["cases"] > 0
    assert found["reconciled"]["backlogs"] > 0
    # Sent while the disk is full, whatever else comes meanwhile.
    assert found["faults"]["disk-full"]["statuses"]["503"] > 0
    assert (tmp_path / f"{told['date']}-soak.svg").read_text().startswith("<?xml")
    assert "Every promise is kept." in (tmp_path / f"{told['date']}-soak.md").read_text()
