"""Monitoring data that come in while something else happens to the case, or to the store."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from data_pipeline.domain.application import LoanProduct
from serving.adapters.memory_monitoring import MemoryMonitoringStore
from serving.adapters.sql.storage import open_monitoring, open_storage
from serving.cases.store_errors import CasePurgedError, StoreUnavailableError
from serving.monitoring.intake import MONITORING, enter
from serving.monitoring.record import (
    Answer,
    AskedUnder,
    MonitoringRecord,
    Origin,
    Race,
    TakenBy,
)
from serving.settings import Settings

DECLINED = Answer(origin=Origin.DECLINED)
RECORD = MonitoringRecord(
    consumer_id="p-1",
    asked_under=AskedUnder.REGULATION_B,
    taken_by=TakenBy.MAIL,
    ethnicity=DECLINED,
    race=DECLINED,
    sex=DECLINED,
    marital_status=DECLINED,
    age_years=DECLINED,
)


class Interrupted(MemoryMonitoringStore):
    """Has something happen just before it keeps what it is given."""

    def __init__(self, before):
        super().__init__()
        self._before = before

    def put(self, case_id, records):
        self._before()
        super().put(case_id, records)


@pytest.fixture
def on_a_home(storage, made):
    file = made.file(application={"product": LoanProduct.MORTGAGE})
    return made.desk(storage.cases).open(file)


def take_in(storage, store, case_id, made, record=RECORD):
    return enter(
        storage, store, case_id, [record], by=made.underwriter, now=lambda: datetime.now(UTC)
    )


def test_a_purge_that_comes_between_wins(storage, made, on_a_home):
    on_a_home.withdraw().retain()
    store = Interrupted(on_a_home.purge)
    with pytest.raises(CasePurgedError):
        take_in(storage, store, on_a_home.case_id, made)
    assert list(store.case_ids()) == []


def test_what_could_not_be_kept_was_still_tried_by_somebody(storage, made, on_a_home):
    def fail():
        raise StoreUnavailableError(found="nothing")

    with pytest.raises(StoreUnavailableError):
        take_in(storage, Interrupted(fail), on_a_home.case_id, made)
    [entry] = storage.audit.entries(object_kind=MONITORING, object_id=on_a_home.case_id)
    assert (entry.action.actor_id, entry.action.action) == ("u-decides", "monitoring_entered")
    # A digest of so few possible answers would tell which it was.
    assert not entry.action.digests


def test_two_that_enter_the_same_case_at_once_do_not_fail_each_other(tmp_path, make_database, made):
    urls = {"database_url": make_database(), "monitoring_database_url": make_database()}
    settings = Settings(state_dir=tmp_path / "state", **urls)
    with open_storage(settings) as storage, open_monitoring(settings):
        file = made.file(application={"product": LoanProduct.MORTGAGE})
        case_id = made.desk(storage.cases).open(file).case_id
        start = threading.Barrier(2, timeout=60)

        def work(race):
            answer = Answer(origin=Origin.SELF_REPORTED, values=(race,))
            with open_monitoring(settings) as store:
                start.wait()
                take_in(storage, store, case_id, made, replace(RECORD, race=answer))

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, (Race.ASIAN, Race.WHITE)))
        with open_monitoring(settings) as store:
            [kept] = store.records(case_id)
    assert kept.race.values in {(Race.ASIAN,), (Race.WHITE,)}
