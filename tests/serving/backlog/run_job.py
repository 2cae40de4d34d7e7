"""Runs a job in this process: python run_job.py INPUT OUTPUT MODEL SHARD_ROWS."""

import sys
from pathlib import Path

from serving.backlog.local_job import ScoreOptions, score_file
from serving.settings import load_settings

if __name__ == "__main__":
    source, output, model, shard_rows = sys.argv[1:]
    score_file(
        Path(source),
        Path(output),
        settings=load_settings(model=model),
        options=ScoreOptions(shard_rows=int(shard_rows)),
    )
