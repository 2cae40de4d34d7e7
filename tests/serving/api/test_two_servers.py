"""Two servers on one PostgreSQL database, and one case at once: one wins, nothing is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.adapters.fake import FakePredictor
from serving.adapters.sql.storage import open_storage

CONFLICTS = {"case_conflict", "illegal_event"}
"""Seen as a race, or after it: the other one had come first, and the case had moved on."""


class Meeting:
    """Holds whoever comes until two are there, as long as it is open."""

    def __init__(self):
        self._barrier = None

    def expect_two(self):
        self._barrier = threading.Barrier(2, timeout=60)

    def __call__(self, _texts):
        if self._barrier is not None:
            self._barrier.wait()


@pytest.fixture
def meeting():
    return Meeting()


@pytest.fixture
def servers(stored_on_postgres, open_bench, meeting):
    """Two servers with connections of their own; they share the database, the keys and the time."""
    first = open_bench(stored_on_postgres, predictor=FakePredictor(before=meeting))
    predictor = FakePredictor(before=meeting)
    both = [first, open_bench(stored_on_postgres, predictor=predictor, clock=first.clock)]
    for bench in both:
        # The framework puts its routes together at the first request, and not in two threads.
        for client in (bench.underwriter, bench.compliance):
            assert client.get("/api/v1/nowhere").status_code == 404
    return both


def at_once(servers, path, body, *, by="underwriter"):
    """Posts the same to both servers at the same time; gives both answers, the better first."""
    start = threading.Barrier(len(servers), timeout=60)

    def post(bench):
        start.wait()
        return getattr(bench, by).post(f"/api/v1/{path}", json=body)

    with ThreadPoolExecutor(len(servers)) as pool:
        return sorted(pool.map(post, servers), key=lambda answer: answer.status_code)


def check_whole(settings, case_id, *, num_events):
    """Every event has its entry, the chain verifies and continues what was anchored."""
    with open_storage(settings) as storage:
        stored = storage.cases.load(case_id)
        assert stored.num_events == num_events
        entries = storage.audit.entries(object_kind="case", object_id=case_id)
        logged = [e.action.digests["event"] for e in entries if "event" in e.action.digests]
        assert logged == list(stored.digests)
        assert storage.audit.verify(anchor=storage.anchor()) == storage.audit.head


def test_of_two_assessments_that_both_saw_the_same_case_one_is_a_conflict(
    servers, meeting, stored_on_postgres
):
    case_id = servers[0].receive()
    servers[1].post(f"applications/{case_id}/complete")
    # Both have loaded the case when the model is asked, and neither has recorded anything.
    meeting.expect_two()
    won, lost = at_once(servers, f"applications/{case_id}/assess", {})
    assert (won.status_code, lost.status_code) == (200, 409)
    problem = lost.json()
    assert problem["code"] == "case_conflict"
    assert "somebody worked on it meanwhile" in problem["detail"]
    assert "load it, look at what changed and try again" in problem["detail"]
    assert lost.headers["content-type"] == "application/problem+json"
    check_whole(stored_on_postgres, case_id, num_events=3)


def test_a_case_is_decided_once_however_many_decide(servers, stored_on_postgres):
    for _ in range(3):
        case_id = servers[0].assessed()
        won, lost = at_once(servers, "decisions", servers[1].denial(case_id))
        assert (won.status_code, lost.status_code) == (201, 409), lost.text
        assert lost.json()["code"] in CONFLICTS
        check_whole(stored_on_postgres, case_id, num_events=4)


def test_a_notice_is_released_and_sent_once(servers, stored_on_postgres):
    case_id, notice_id = servers[0].drafted()
    servers[1].post(f"notices/{notice_id}/check")
    won, lost = at_once(servers, f"notices/{notice_id}/release", {}, by="compliance")
    assert (won.status_code, lost.status_code) == (200, 409), lost.text
    assert lost.json()["code"] in CONFLICTS
    won, lost = at_once(servers, f"notices/{notice_id}/sent", {"channel": "mailed"})
    assert (won.status_code, lost.status_code) == (200, 409), lost.text
    assert lost.json()["code"] in CONFLICTS
    check_whole(stored_on_postgres, case_id, num_events=8)


def test_an_id_opens_one_case(servers, receive_body, stored_on_postgres):
    body = receive_body | {"case_id": "branch-7.2026-1"}
    won, lost = at_once(servers, "applications", body)
    assert (won.status_code, lost.status_code) == (201, 409)
    assert lost.json()["code"] == "case_exists"
    check_whole(stored_on_postgres, "branch-7.2026-1", num_events=1)


def test_what_two_record_on_different_cases_is_all_there(servers, stored_on_postgres):
    """The audit chain is one for all cases: neither server may overtake or overwrite the other."""

    def work(bench):
        return [bench.assessed() for _ in range(4)]

    with ThreadPoolExecutor(2) as pool:
        cases = [case_id for found in pool.map(work, servers) for case_id in found]
    assert len(set(cases)) == 8
    for case_id in cases:
        check_whole(stored_on_postgres, case_id, num_events=3)
    listed = {line["entry"]["case_id"] for line in servers[1].get("worklist")["entries"]}
    assert listed == set(cases)


def test_two_holds_placed_at_once_are_both_kept_or_one_is_told(servers, stored_on_postgres):
    case_id = servers[0].receive()
    path = f"applications/{case_id}/holds"
    answers = at_once(servers, path, {"hold_id": "suit-7"}, by="compliance")
    codes = [answer.status_code for answer in answers]
    # One after the other both are recorded; at once, one of them.
    assert codes in ([200, 200], [200, 409]), answers[1].text
    assert servers[1].get(f"applications/{case_id}")["legal_holds"] == ["suit-7"]
    check_whole(stored_on_postgres, case_id, num_events=1 + codes.count(200))
