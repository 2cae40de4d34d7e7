"""What the checks of a notice find, and how fast a notice is made.

Draws broken notices by the rules of tests/serving/notices, reads those written by hand in
tests/data/broken_notices, and counts for each check how many it fails; counts the alarms on valid
notices; measures one PDF after the other, then many notices drafted, checked and rendered in
several processes. Writes a dated JSON result and prints it; exits 1 where a broken notice passes or
a valid one fails.
"""

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

from measured import result_file

from model_store.engine.processor import processor_name
from serving.notices.case_file import NoticeCase
from serving.notices.checks.every_check import check_notice
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.forms import NoticeForm
from serving.notices.record import DecisionRecord
from serving.notices.render import render_pdf
from serving.notices.samples import sample_case

RESULTS = Path(__file__).with_name("results")
TESTS = Path(__file__).parents[1] / "serving" / "notices"
RULE_FILES = ("test_mutations", "test_mutations_of_reasons", "test_mutations_of_credit")
NUM_VALID, NUM_DRAWN_FROM, NUM_RENDERED, NUM_END_TO_END, NUM_PROCESSES = 500, 60, 50, 1000, 2
QUIET_LOAD = 0.5
KINDS = ("rule_drawn", "independent")

Job = tuple[DecisionRecord, DraftRequest]


def loaded(name: str) -> ModuleType:
    """Returns a file of the tests as a module; they are no package."""
    spec = spec_from_file_location(f"notices_{name}", TESTS / f"{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"found no {name}.py in {TESTS}: run from a checkout")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def failed(case: NoticeCase) -> set[str]:
    """Returns the ids of the checks that a notice fails."""
    return {v.check_id for v in check_notice(case.notice, case.record) if not v.passed}


def drawn(draws: ModuleType) -> Iterator[tuple[str, bool]]:
    """Yields, for each notice broken by rule, its check and whether that one failed."""
    rules = {k: v for name in RULE_FILES for k, v in loaded(name).RULES.items()}
    for check_id, of_check in rules.items():
        judge = draws.CHECK_OF_ID[check_id]
        for seed in range(NUM_DRAWN_FROM):
            case = draws.valid_case(seed)
            for rule in of_check:
                for broken in rule(case, partial(draws.mutate, case), draws.broken_texts):
                    yield check_id, not judge(broken.notice, broken.record).passed


def by_hand() -> Iterator[tuple[str, bool]]:
    """Yields, for each notice broken by hand, its check and whether that one failed."""
    written = loaded("test_independent_mutations")
    for check_id, _, broken in written.BROKEN:
        yield check_id, check_id in failed(written.broken_case(broken))


def detection(draws: ModuleType) -> dict[str, dict[str, int]]:
    """Returns by check how many notices were broken and how many of them it failed."""
    counts: dict[str, Counter[str]] = {check_id: Counter() for check_id in draws.CHECK_OF_ID}
    for kind, found in (("rule_drawn", drawn(draws)), ("independent", by_hand())):
        for check_id, is_detected in found:
            counts[check_id] += Counter({kind: 1, f"{kind}_detected": int(is_detected)})
    return {check_id: dict(count) for check_id, count in counts.items()}


def render_ms(cases: list[NoticeCase]) -> dict[str, float]:
    """Returns the milliseconds of a PDF, one after the other, the first of a process left out."""
    render_pdf(cases[0].notice)
    taken = []
    for case in cases[:NUM_RENDERED]:
        start = time.perf_counter()
        render_pdf(case.notice)
        taken.append((time.perf_counter() - start) * 1000)
    p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    return {"pdfs": len(taken), "median": round(statistics.median(taken), 1), "p95": round(p95, 1)}


def job_of(case: NoticeCase) -> Job:
    """Returns what a case is drafted from."""
    notice = case.notice
    right, asked = notice.right_to_reasons, notice.incompleteness
    return case.record, DraftRequest(
        notice_id=notice.notice_id,
        form=notice.form,
        consumer_id=notice.recipient.consumer_id,
        dated_on=notice.dated_on,
        transaction=notice.transaction,
        channel=notice.delivery.channel,
        reasons_contact=right.contact_name if right else None,
        respond_by=asked.respond_by if asked else None,
    )


def finish(job: Job) -> int:
    """Drafts, checks and renders one notice; returns the bytes of its PDF."""
    record, request = job
    notice = draft_notice(record, request)
    if alarms := failed(NoticeCase(notice=notice, record=record)):
        raise SystemExit(f"{notice.notice_id} fails {sorted(alarms)}: expected a valid notice")
    return len(render_pdf(notice))


def end_to_end(cases: list[NoticeCase]) -> dict[str, float]:
    """Returns the seconds for all cases; the processes have started and rendered one before."""
    jobs = [job_of(case) for case in cases]
    with ProcessPoolExecutor(NUM_PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(finish, jobs[: 4 * NUM_PROCESSES]))
        start = time.perf_counter()
        sizes = list(pool.map(finish, jobs, chunksize=25))
        seconds = time.perf_counter() - start
    return {
        "notices": len(sizes),
        "processes": NUM_PROCESSES,
        "seconds": round(seconds, 1),
        "mean_pdf_bytes": round(statistics.mean(sizes)),
    }


def hardware() -> str:
    """Returns the processors, and whether something else ran on them when this began."""
    load = os.getloadavg()[0]
    used = f"shared with other work (load {load:.1f})" if load > QUIET_LOAD else "otherwise idle"
    return f"{os.cpu_count()} cores, {processor_name()}, {used}"


def measure(used: str, num_made: int) -> dict[str, Any]:
    """Returns the whole result."""
    draws = loaded("conftest")
    cases = [draws.valid_case(seed) for seed in range(max(num_made, NUM_VALID))]
    valid = [*cases[:NUM_VALID], *map(sample_case, NoticeForm)]
    checks = detection(draws)
    totals: Counter[str] = sum((Counter(found) for found in checks.values()), Counter())
    return {
        "what": "broken notices found by the check of their clause; alarms on valid notices; speed",
        "date": datetime.now(UTC).date().isoformat(),
        "command": shlex.join(["python", *sys.argv]),
        "hardware": used,
        "python": platform.python_version(),
        "typst": version("typst"),
        "seeds": f"broken 0-{NUM_DRAWN_FROM - 1}, valid 0-{NUM_VALID - 1}, made 0-{num_made - 1}",
        "broken": dict(totals),
        "valid_notices": len(valid),
        "valid_of_them_samples": len(NoticeForm),
        "false_alarms": dict(Counter(alarm for case in valid for alarm in failed(case))),
        "render_pdf_ms": render_ms(cases),
        "drafted_checked_rendered": end_to_end(cases[:num_made]),
        "checks": checks,
    }


def main() -> int:
    """Measures, writes and prints; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    today = datetime.now(UTC).date().isoformat()
    parser.add_argument(
        "--output", type=result_file, default=RESULTS / f"{today}-notice-mutations.json"
    )
    parser.add_argument(
        "--made", type=int, default=NUM_END_TO_END, help="notices drafted, checked and rendered"
    )
    arguments = parser.parse_args()
    result = measure(hardware(), arguments.made)
    content = json.dumps(result, indent=1)
    arguments.output.write_text(f"{content}\n", encoding="utf-8")
    print(content)
    found = result["broken"]
    is_missed = any(found[kind] != found[f"{kind}_detected"] for kind in KINDS)
    return int(is_missed or bool(result["false_alarms"]))


if __name__ == "__main__":
    sys.exit(main())
