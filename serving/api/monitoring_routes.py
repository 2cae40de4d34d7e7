"""The HTTP route that monitoring data come in by. They go into a store that no route reads."""

import asyncio

import structlog
from fastapi import APIRouter, Request

from serving.api.body import JsonRoute
from serving.api.case_access import WRITING, intake_desk_of
from serving.api.monitoring_requests import MonitoringReceipt, MonitoringRequest
from serving.api.parts import started
from serving.api.path_ids import CaseId
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.monitoring.intake import enter
from serving.monitoring.store import MonitoringStore

monitoring_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["monitoring"]
)
log = structlog.stdlib.get_logger("wherefore.monitoring")


@monitoring_router.post(
    "/monitoring/{case_id}",
    responses=WRITING,
)
async def enter_monitoring(
    request: Request, case_id: CaseId, body: MonitoringRequest
) -> MonitoringReceipt:
    """Keeps what applicants told, or declined to tell, for monitoring (12 CFR 1002.13).

    Needs the scope enter_monitoring, which no role brings. The data replace those entered before
    for the case; they are encrypted in a database of their own, and neither scoring nor decisions
    nor notices reach it. Taken only where the law has them asked for: for a loan on a dwelling.
    """
    desk = intake_desk_of(request)
    by, store = actor_of(request), _store_of(request)
    at = await asyncio.to_thread(
        enter, desk.storage, store, case_id, body.records(), by=by, now=desk.now
    )
    log.info("monitoring_entered", case_id=case_id, person_id=by.actor_id)
    return MonitoringReceipt(case_id=case_id, entered_at=at)


def _store_of(request: Request) -> MonitoringStore:
    store: MonitoringStore | None = request.app.state.monitoring
    return started(store)
