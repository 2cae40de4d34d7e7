"""What is said of a soak, on logs that are written by hand: every broken promise must be found."""

import pytest
from soak_events import (
    Asked,
    Attacked,
    Audited,
    Began,
    EventLog,
    FaultBegan,
    FaultGivenBack,
    FaultRecovered,
    Load,
    Memory,
    Outcome,
    Part,
    Reconciled,
    ServerChanged,
    read_events,
)
from soak_report import figures, is_kept, page
from soak_verdict import Verdict, p95_ms

BROKEN_AT = 500.0
"""In none of the windows below."""


def asked(t, outcome=Outcome.ANSWERED, *, took_s=0.05, **fields):
    return Asked(t=t, took_s=took_s, kind="predict fresh", outcome=outcome, **fields)


def fault(name, start, end, *, may_fail, recovered_s=0.5, part=Part.CASES):
    return [
        FaultBegan(t=start, name=name, part=part, may_fail=may_fail),
        FaultGivenBack(t=end, name=name),
        FaultRecovered(t=end + 1, name=name, seconds=recovered_s),
    ]


def reconciled(**changes):
    fields = {
        "cases": 2, "steps": 5, "lost_steps": [], "told_otherwise": 0, "unread_cases": [],
        "backlogs": 1, "unfinished_backlogs": [], "wrong_rows": 0, "resumed_backlogs": 0,
    }  # fmt: skip
    return Reconciled(t=1010, **fields | changes)


def memory(*, late_mib=500.0, pss=True):
    return [
        Memory(
            t=t, pid=2, rss_mib=900 + t, pss_mib=(late_mib if t > 850 else 500.0) if pss else None
        )
        for t in range(100, 1000, 5)
    ]


def run(*, but=(), samples=None, found=None, end=None):
    """A run in which everything went well, with further events, by time."""
    stops = [
        ServerChanged(t=50, state="stopping", pid=1),
        ServerChanged(t=55, state="ended", pid=1, exit_status=0, accepted=9, answered=9),
        ServerChanged(t=55, state="starting", pid=2),
        ServerChanged(t=60, state="ready", pid=2),
    ]
    events = [
        Began(t=0, conditions={}),
        ServerChanged(t=0, state="ready", pid=1),
        Load(t=0, state="began", rate=2.0),
        *stops,
        *fault("database-killed", 100, 120, may_fail=True),
        *fault("cache-killed", 200, 220, may_fail=False, part=Part.CACHE),
        *(asked(t) for t in range(1, 1000, 7)),
        asked(110, Outcome.REFUSED, status=503),
        *(memory() if samples is None else samples),
        *but,
        Load(t=1000, state="ended", rate=2.0),
        ServerChanged(t=1020, state="stopping", pid=2),
        end or ServerChanged(
            t=1025, state="ended", pid=2, exit_status=0, accepted=100, answered=100
        ),
        *([reconciled()] if found is None else found),
        Audited(t=1030, exit_status=0, told="entries are as they were written"),
    ]  # fmt: skip
    return Verdict(sorted(events, key=lambda event: event.t))


def broken(verdict):
    return {promise.name for promise in verdict.promises() if promise.is_kept is not True}


def test_a_run_in_which_everything_went_well_keeps_every_promise():
    assert broken(run()) == set()
    assert is_kept(run())


@pytest.mark.parametrize(
    ("event", "promise"),
    [
        (asked(BROKEN_AT, Outcome.WRONG, status=200, note="x"), "wrong answers"),
        (asked(BROKEN_AT, Outcome.BROKEN), "requests without an answer"),
        (asked(BROKEN_AT, Outcome.UNANSWERED, took_s=150), "requests without an answer"),
        (asked(BROKEN_AT, Outcome.UNCONNECTED), "requests that found nobody listening"),
        (
            asked(BROKEN_AT, Outcome.UNEXPECTED, status=404),
            "answers that a valid request must not get",
        ),
        (asked(BROKEN_AT, Outcome.FAILED, status=500), "answers of 500 without their cause"),
        (
            Attacked(t=BROKEN_AT, kind="deep JSON", status=500),
            "answers of 500 without their cause",
        ),
    ],
)
def test_one_bad_event_breaks_its_promise_and_no_other(event, promise):
    assert broken(run(but=[event])) == {promise}


@pytest.mark.parametrize(
    ("t", "took_s", "is_excused"),
    [
        (99.0, 0.05, False),
        (100.1, 0.05, True),
        (119.0, 2.9, True),
        (119.0, 3.1, False),
        (210.0, 0.05, False),
    ],
    ids=["before", "within", "a little after", "too late", "of a fault that is no cause of one"],
)
def test_a_500_is_excused_by_the_moment_of_the_answer_and_by_a_fault_that_may_cause_it(
    t, took_s, is_excused
):
    verdict = run(but=[asked(t, Outcome.FAILED, took_s=took_s, status=500)])
    assert (broken(verdict) == set()) is is_excused
    [(_, _, cause)] = verdict.failures()
    assert (cause is not None) is is_excused


def test_a_connection_cut_during_the_restart_is_told_and_one_cut_before_is_lost():
    verdict = run(but=[asked(52, Outcome.BROKEN), asked(57, Outcome.UNCONNECTED)])
    assert len(verdict.cut_off()) == 2
    assert broken(verdict) == set()
    verdict = run(but=[asked(49, Outcome.BROKEN, took_s=0.5)])
    assert broken(verdict) == {"requests without an answer"}


def test_silence_is_lost_even_during_the_restart():
    verdict = run(but=[asked(52, Outcome.UNANSWERED, took_s=1)])
    assert broken(verdict) == {"requests without an answer"}


def test_a_server_that_leaves_accepted_requests_unanswered_is_found():
    end = ServerChanged(t=1025, state="ended", pid=2, exit_status=0, accepted=100, answered=99)
    assert broken(run(end=end)) == {"accepted requests unanswered when the server stopped"}


def test_whoever_left_before_the_stop_waits_for_no_answer():
    end = ServerChanged(
        t=1025, state="ended", pid=2, exit_status=0, accepted=100, answered=97, gone=3
    )
    assert broken(run(end=end)) == set()


@pytest.mark.parametrize("fields", [{"exit_status": 1, "accepted": 1, "answered": 1}, {}])
def test_a_server_that_dies_or_does_not_count_is_found(fields):
    end = ServerChanged(t=1025, state="ended", pid=2, **fields)
    assert broken(run(end=end)) == {"stops of the server that were not clean"}


def test_a_fault_that_is_not_recovered_from_is_found():
    never = fault("disk-full", 300, 320, may_fail=True, recovered_s=None)
    assert broken(run(but=never)) == {"faults that were not recovered from"}
    assert broken(run(but=never[:1])) == {"faults that were not recovered from"}


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"lost_steps": ["case-1 notice_drafted"]}, "acknowledged steps that are not there"),
        ({"unread_cases": ["case-1"]}, "cases that cannot be read"),
        ({"unfinished_backlogs": ["b"]}, "backlogs that were not completed"),
        ({"wrong_rows": 1}, "wrong rows of backlogs"),
    ],
)
def test_what_is_missing_in_the_end_breaks_a_promise(changes, promise):
    assert broken(run(found=[reconciled(**changes)])) == {promise}


def test_a_run_that_was_cut_short_keeps_no_promise_that_it_did_not_come_to():
    verdict = Verdict(run().events[:50])
    assert "acknowledged steps that are not there" in broken(verdict)
    assert "audit log not as written" in broken(verdict)


def test_growth_is_that_of_the_longest_life_from_its_second_to_its_last_sixth():
    # Process 2 is ready from 60 to 1000: a sixth are 157 s; its last one begins at 843.
    assert broken(run(samples=memory(late_mib=524))) == set()
    verdict = run(samples=memory(late_mib=526))
    assert broken(verdict) == {"growth of memory, as a share"}
    growth = verdict.growth()
    assert growth.pid == 2
    assert growth.life_s == 940
    assert (growth.kind, growth.early_mib, growth.late_mib) == ("PSS", 500, 526)


def test_growth_is_of_rss_where_there_is_no_pss():
    growth = run(samples=memory(pss=False)).growth()
    assert growth.kind == "RSS"
    assert growth.early_mib == pytest.approx(900 + 295, abs=5)
    assert growth.late_mib == pytest.approx(900 + 921, abs=5)


def test_growth_of_a_short_life_is_told_and_not_judged():
    events = [
        ServerChanged(t=0, state="ready", pid=1),
        Load(t=0, state="began", rate=1),
        *(Memory(t=t, pid=1, rss_mib=100 + t) for t in range(60)),
        Load(t=60, state="ended", rate=1),
    ]
    [promise] = [p for p in Verdict(events).promises() if p.name.startswith("growth")]
    assert promise.is_kept is None
    assert promise.found == pytest.approx(0.35, abs=0.01)


def test_without_samples_there_is_no_growth_and_no_kept_promise():
    assert broken(run(samples=[])) == {"growth of memory, as a share"}
    assert not is_kept(run(samples=[]))


def test_refusals_before_the_load_are_no_broken_promise():
    early = asked(0, Outcome.UNEXPECTED, status=409)
    events = [early.model_copy(update={"t": -1.0}), *run().events]
    assert broken(Verdict(events)) == set()


def test_a_percentile_is_a_value_that_was_measured():
    assert p95_ms([n / 1000 for n in range(1, 101)]) == 95.0
    assert p95_ms([0.0015]) == 1.5
    assert p95_ms([]) is None


def test_the_report_counts_by_fault_and_shows_what_broke_a_promise():
    bad = asked(BROKEN_AT, Outcome.WRONG, status=200, note="windows is another")
    failed = asked(110, Outcome.FAILED, status=500)
    found = figures(run(but=[bad, failed]), {"database-killed": "killed"})
    row = found["faults"]["database-killed"]
    assert (row["times"], row["answers_of_500"], row["recovered_s"]) == (1, 1, 0.5)
    assert row["statuses"]["503"] == 1
    assert row["statuses"]["500"] == 1
    assert [example["note"] for example in found["examples"]] == ["windows is another"]
    assert not found["is_kept"]
    conditions = {"processor": "a processor", "cpus": 2, "seconds": 1000, "share": 0.7, "seed": 1}
    conditions |= {"sustainable_rate": 3, "period_s": 60, "hold_s": 20, "disk": "full"}
    conditions |= {"model": "m", "computed_by": "the process"}
    told = page(found | conditions, picture="x.svg")
    assert "**A promise is broken.**" in told
    assert "| wrong answers | 1 | 0 | **no** |" in told


def test_events_come_back_from_the_file_and_a_line_cut_short_is_left_out(tmp_path):
    path = tmp_path / "run" / "events.jsonl"
    log = EventLog(path)
    log.write(asked(0, Outcome.REFUSED, status=503, code="overloaded"), t=1.5)
    log.write(Attacked(kind="gone"))
    # What is written is with the system at once: nobody closes a log of a killed run.
    first, second = read_events(path)
    assert first == asked(1.5, Outcome.REFUSED, status=503, code="overloaded")
    assert second.status is None
    log.close()
    with path.open("a") as file:
        file.write('{"event": "attacked", "ki')
    assert read_events(path) == [first, second]
