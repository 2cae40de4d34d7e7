"""Fuzzes text intake and file readers with atheris (libFuzzer), each in a process of its own.

    pip install atheris==3.0.0        # Linux, Python 3.11; not part of the development tools
    python tests/abuse/run_fuzzers.py --seconds 600

A crash is any exception that is none of ours, a broken promise of a target (`fuzz_targets.py`), a
hang of a minute, or memory beyond 4 GiB. Inputs that crash are kept in the folder of `--crashes`.
Writes what was run and found; exits with 1 where anything crashed.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from results import write_result

NAMES = ("text-intake", "file-reader", "upload", "notice-file")
_INSTRUMENTED = ["data_pipeline", "serving", "model_store.windows"]
_HANG_SECONDS, _MOST_MIBIBYTES, _MOST_BYTES = 60, 4096, 16_384
_STATISTIC = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


def fuzz(name: str, folder: Path, *, seconds: int) -> None:
    """Fuzzes one target in this process, which ends with it."""
    import atheris  # noqa: PLC0415

    with atheris.instrument_imports(include=_INSTRUMENTED):
        from fuzz_targets import TARGETS, seeds  # noqa: PLC0415

    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(content)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_MOST_BYTES}",
        f"-timeout={_HANG_SECONDS}",
        f"-rss_limit_mb={_MOST_MIBIBYTES}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
        "-seed=20261120",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], TARGETS[name]())
    atheris.Fuzz()


def fuzzed(name: str, folder: Path, *, seconds: int) -> dict[str, object]:
    """Fuzzes one target in another process, and returns what came of it."""
    command = [sys.executable, __file__, "--target", name, "--seconds", str(seconds)]
    command += ["--crashes", str(folder)]
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    told = done.stdout + done.stderr
    (folder / "log.txt").write_text(told, encoding="utf-8")
    statistics = {key: int(value) for key, value in _STATISTIC.findall(told)}
    covered = _COVERED.findall(told)
    crashes = sorted(path.name for path in folder.glob("[cot]*-*") if path.is_file())
    return {
        "target": name,
        "seconds": seconds,
        "executions": statistics.get("number_of_executed_units", 0),
        "peak_mebibytes": statistics.get("peak_rss_mb", 0),
        "coverage": int(covered[-1][0]) if covered else 0,
        "inputs_kept": statistics.get("new_units_added", 0),
        "exit_status": done.returncode,
        "crashes": crashes,
    }


def show(found: Sequence[dict[str, object]]) -> str:
    """Returns the results as a table for people."""
    heads = ("target", "seconds", "executions", "coverage", "peak_mebibytes", "crashes")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [
        "| " + " | ".join(str(one[head] if head != "crashes" else len(one[head])) for head in heads)  # type: ignore[arg-type]
        + " |"
        for one in found
    ]  # fmt: skip
    return "# Fuzzers\n\n" + "\n".join(lines) + "\n"


def main() -> int:
    """Fuzzes what is asked for; 1 where something crashed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600, help="of each fuzzer (600)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--crashes", type=Path, help="where inputs that crash are kept")
    parser.add_argument("--output", type=Path, help="folder of the result (the benches' one)")
    parser.add_argument("--target", choices=NAMES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    folder = asked.crashes or Path(tempfile.mkdtemp(prefix="wherefore-fuzz-"))
    if asked.target:
        fuzz(asked.target, folder, seconds=asked.seconds)
        return 0
    found = [fuzzed(name, folder / name, seconds=asked.seconds) for name in asked.only]
    failed = [one for one in found if one["crashes"] or one["exit_status"]]
    write_result(
        "fuzzers", {"fuzzers": found}, packages=("atheris",), folder=asked.output, page=show(found)
    )
    print(show(found))
    print(json.dumps({"fuzzers": found, "failed": len(failed), "kept_in": str(folder)}))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
