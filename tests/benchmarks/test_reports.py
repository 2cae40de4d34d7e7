"""What the benches make of their figures: gate, ratios, promises."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_all import kept_results
from must_show import PROMISES, promise_table
from must_show import markdown as promises_page
from peers.catalogue import CONTESTANTS, IN_PROCESS, OVER_HTTP, PIPELINE
from peers.judging import judge
from peers.report import Row, compare, write_report

REQUIREMENTS = Path(__file__).parent / "peers" / "requirements"
ROW = Row(
    size="base",
    table="fp32",
    system="wherefore",
    kind=IN_PROCESS,
    precision="fp32",
    passes_gate=True,
    texts_per_s=30.0,
    tokens_per_s=7500.0,
    rates=[30.0, 33.0, 27.0],
    single_ms={512: {"p50": 30.0, "p95": 40.0, "p99": 41.0}},
    resident_mib=900,
    open_seconds=2.0,
    versions={"openvino": "1"},
    options={},
    verdict=None,
)
ABOUT = {
    "processor": "a processor",
    "threads": 2,
    "cpus": 2,
    "date": "2026-11-20",
    "seed": 1,
    "load_1_min": 0.0,
    "load_1_min_after": 0.0,
    "minutes": 1.0,
    "command": "python bench",
    "notes": ["something is left out"],
}


def row(system, rate, *, kind=IN_PROCESS, **changed):
    return replace(
        ROW, system=system, kind=kind, texts_per_s=rate, rates=[rate, rate, rate], **changed
    )


def test_the_same_logits_pass_the_gate_and_opposite_ones_do_not():
    logits = np.random.default_rng(1).normal(0, 3, size=(100, 12))
    assert judge(logits, logits).broken == []
    assert judge(logits, logits).largest_logit_difference == 0
    turned = judge(-logits, logits)
    assert len(turned.broken) == 3
    assert turned.same_primary < 0.5


def test_ours_is_compared_with_the_pipeline_and_with_the_fastest_other_of_its_kind():
    rows = [
        row("wherefore", 30.0),
        row(PIPELINE, 10.0),
        row("onnxruntime", 20.0),
        row("infinity-emb", 12.0),
        row("wherefore serve", 24.0, kind=OVER_HTTP),
        row("LitServe", 8.0, kind=OVER_HTTP),
    ]
    found = {(c.kind, c.against): c.ratio.value for c in compare(rows, seed=1)}
    assert found == {
        (IN_PROCESS, "pipeline: transformers, fp32"): pytest.approx(3.0),
        (IN_PROCESS, "best other: onnxruntime, fp32"): pytest.approx(1.5),
        (OVER_HTTP, "best other: LitServe, fp32"): pytest.approx(3.0),
    }


def test_a_precision_that_fails_the_gate_counts_on_neither_side():
    rows = [
        row("wherefore", 60.0, table="best", precision="int8", passes_gate=False),
        row("wherefore", 30.0, table="best", precision="bf16"),
        row("onnxruntime", 40.0, table="best", precision="int8", passes_gate=False),
        row("onnxruntime", 20.0, table="best"),
    ]
    [found] = compare(rows, seed=1)
    assert (found.ours, found.against) == ("bf16", "best other: onnxruntime, fp32")
    assert found.ratio.value == pytest.approx(1.5)


def test_a_report_is_written_as_tables_and_as_json(tmp_path):
    rows = [row("wherefore", 30.0), row(PIPELINE, 10.0)]
    write_report(rows, compare(rows, seed=1), ABOUT, folder=tmp_path)
    content = json.loads((tmp_path / "2026-11-20-peers.json").read_text())
    assert [each["system"] for each in content["rows"]] == ["wherefore", "transformers"]
    page = (tmp_path / "2026-11-20-peers.md").read_text()
    assert "3.00 (3.00 to 3.00) times as fast; at least 2 is asked for" in page
    assert "something is left out" in page


def test_every_peer_has_an_environment_with_exact_pins():
    peers = {c.environment for c in CONTESTANTS if not c.is_ours}
    pinned = {path.stem: path.read_text().splitlines() for path in REQUIREMENTS.glob("*.txt")}
    assert set(pinned) == peers
    for lines in pinned.values():
        assert all("==" in line for line in lines if not line.startswith("#"))


def http(name, clients, **figures):
    given = {"errors": 0, "p95_ms": 1.0, "p99_ms": 1.0, "rate": 1.0, "offline_share": None}
    return {"name": name, "num_clients": clients} | given | figures


RESULTS = {
    "http-bundled": {
        "results": [
            http("mixed, cache off", 8, p95_ms=100.0, rate=101.0, offline_share=0.7),
            http("512 tokens", 1, p95_ms=61.0),
            http("hits", 1, p99_ms=2.0),
        ]
    },
    "http-base": {
        "results": [
            http("mixed, cache off", 8, offline_share=0.7),
            http("512 tokens", 1, p95_ms=99.0, errors=1),
        ]
    },
    "peers": {
        "ratios": [
            {"size": "base", "table": "fp32", "against": "best other: X", "ratio": {"value": v}}
            for v in (1.3, 1.1)
        ]
    },
    "cache": {"timings": [{"name": "memory, 512 tokens", "p99_us": 80.0}]},
    "start": {"median_s": {"first answer": 4.0}},
    "faults": {
        "phases": [
            {"part": "cache", "wrong": 0, "failed": 0, "refused": 1},
            {"part": "torchserve", "wrong": 0, "failed": 0, "refused": 9},
            {"part": "sigterm", "wrong": 0, "failed": 3, "refused": 0, "lost": 0},
        ]
    },
}


def test_each_promise_reads_its_figure_and_says_whether_it_is_kept():
    found = {
        r["name"]: (r["found"], r["binding_met"], r["goal_met"]) for r in promise_table(RESULTS)
    }
    assert found["bundled, mixed texts, 8 clients: p95"] == (100.0, True, False)
    assert found["bundled, mixed texts, 8 clients: rate"] == (101.0, True, True)
    assert found["bundled, 512 tokens, one client: p95"] == (61.0, False, False)
    assert found["bundled: online rate as a share of offline"] == (0.7, True, None)
    assert found["RoBERTa-base size: online rate as a share of offline"] == (0.7, False, None)
    assert found["cache hit, end to end, one client: p99"] == (2.0, True, None)
    assert found["cache hit, in the process from token ids: p99"] == (0.08, True, None)
    assert found["start to first answer, warm disk: median"] == (4.0, True, False)
    assert found["base, mixed texts, fp32: ours over the best other peer"] == (1.1, False, None)
    assert found["faults under load: wrong answers"] == (0.0, True, None)
    assert found["SIGTERM under load: accepted requests lost"] == (0.0, True, None)
    assert found["faults of the cache under load: requests not answered"] == (1.0, False, None)


def test_a_row_with_errors_and_a_bench_that_did_not_run_give_no_figure():
    found = {r["name"]: r["found"] for r in promise_table(RESULTS)}
    assert found["RoBERTa-base size, 512 tokens, one client: p95"] is None
    assert all(r["found"] is None for r in promise_table({}))
    assert promises_page(promise_table({}), ABOUT).count("not measured") == len(PROMISES)


def test_of_each_bench_the_newest_result_counts(tmp_path):
    for name, content in [
        ("2026-11-20-start", 1),
        ("2026-12-01-start", 2),
        ("2026-11-21-http-base", 3),
        ("2026-11-21-other", 4),
    ]:
        (tmp_path / f"{name}.json").write_text(json.dumps({"found": content}))
    assert kept_results(tmp_path) == {"start": {"found": 2}, "http-base": {"found": 3}}
    assert kept_results(None) == {}
