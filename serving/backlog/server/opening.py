"""The backlogs of a server while it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from data_pipeline.sources.bounds import FileBounds
from serving.adapters.backlog_metrics import BacklogMetrics
from serving.adapters.webhook_sender import HttpSender
from serving.backlog.server.backlogs import Backlogs
from serving.backlog.server.intake import Intake
from serving.backlog.server.outbox import Outbox
from serving.backlog.server.queued_engine import BacklogQueue, QueuedEngine
from serving.backlog.server.records import BacklogRequest, BacklogStatus
from serving.backlog.server.runner import BacklogRunner
from serving.backlog.server.scoring import Files, Work, score_backlog
from serving.backlog.server.shelf import BacklogShelf
from serving.backlog.server.sweeper import Sweeper
from serving.backlog.server.webhooks import WebhookSigner
from serving.casework.desk import now_utc
from serving.scoring import ScoringService
from serving.settings import Settings

FOLDER_NAME = "backlogs"
"""Where the backlogs lie in the state directory."""


@asynccontextmanager
async def running_backlogs(
    service: ScoringService,
    settings: Settings,
    *,
    queue: BacklogQueue,
    registry: CollectorRegistry,
    now: Callable[[], datetime] = now_utc,
) -> AsyncIterator[Backlogs]:
    """Opens the backlogs and goes on with those that wait; breaks off what is under way at the end.

    Args:
        service: what reads texts and makes rows.
        settings: the settings of the process.
        queue: the way to the engine.
        registry: where the metrics are registered.
        now: the time, UTC.

    Raises:
        SettingsError: the webhook secret cannot be read.
    """
    shelf = BacklogShelf(settings.backlog_dir or settings.state_dir / FOLDER_NAME)
    metrics = BacklogMetrics(registry)
    signer = WebhookSigner(settings.webhook_secret, hosts=settings.webhook_hosts)
    outbox = Outbox(shelf, signer=signer, send=HttpSender(), now=now, on_step=metrics.count_webhook)
    bounds = FileBounds(unpacked_bytes=settings.max_unpacked_bytes, rows=settings.max_upload_rows)
    intake = Intake(shelf, signer=signer, folder=settings.backlog_input_dir, bounds=bounds, now=now)
    loop = asyncio.get_running_loop()

    def score(work: Work, request: BacklogRequest) -> None:
        engine = QueuedEngine(queue, loop=loop, stop=work.stop)
        source = shelf.upload_of(request) or intake.source_named(request.source or "")
        files = Files(
            source=source, result=shelf.result_of(request), errors=shelf.errors_of(request)
        )
        score_backlog(work, request, files, service=service, engine=engine)

    def ended(status: BacklogStatus) -> None:
        metrics.count_end(status)
        outbox.wake()

    runner = BacklogRunner(shelf, score=score, now=now, on_end=ended, watch=metrics.watch)
    sweeper = Sweeper(
        shelf,
        now=now,
        keep=timedelta(days=settings.backlog_keep_days),
        is_worked_on=lambda backlog_id: runner.work_on(backlog_id) is not None,
    )
    backlogs = Backlogs(shelf, runner, intake=intake, now=now)
    runner.start()
    outbox.start()
    sweeper.start()
    try:
        yield backlogs
    finally:
        grace_seconds = float(settings.shutdown_grace_seconds)
        await asyncio.to_thread(runner.close, grace_seconds)
        await asyncio.to_thread(outbox.close, grace_seconds)
        await asyncio.to_thread(sweeper.close, grace_seconds)
