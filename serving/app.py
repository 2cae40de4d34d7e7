"""The HTTP application, put together from settings, a model and the accepted keys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from data_pipeline.errors import WhereforeError
from data_pipeline.sources import Row
from serving.adapters.identity.tokens import Tokens
from serving.adapters.prometheus import ServingMetrics
from serving.api.backlog_routes import backlog_router
from serving.api.case_routes import case_router
from serving.api.context import RequestContext
from serving.api.desk_routes import desk_router
from serving.api.docs import add_docs
from serving.api.documented import NOT_PERMITTED
from serving.api.exam_routes import exam_router
from serving.api.explanation_routes import explanation_router
from serving.api.monitoring_routes import monitoring_router
from serving.api.notice_routes import notice_router
from serving.api.problems import handle_error, handle_http_exception, handle_validation_error
from serving.api.routes import keyed_router, open_router
from serving.api.token_routes import token_router
from serving.api.what_if_routes import what_if_router
from serving.backlog.server.opening import running_backlogs
from serving.batching.batcher import Batcher
from serving.cases.store import OpensStorage
from serving.casework.desk import Desk, now_utc
from serving.identity.store import OpensIdentity
from serving.keys import ApiKeys
from serving.monitoring.store import OpensMonitoring
from serving.policy import load_policy
from serving.ports import TextPredictor
from serving.rows import OutputRow
from serving.scoring import ScoringService
from serving.scoring_setup import running_scoring
from serving.settings import Settings

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}

_DESCRIPTION = """
Reads loan applications: the risk of default, the principal reasons a denial would rest on, and the
words that carry them. The model advises; a person decides.

Errors are problem details (RFC 9457) with a stable `code`. Every answer carries `X-Request-ID`.
""".strip()

_GUARDED = (
    keyed_router,
    case_router,
    desk_router,
    notice_router,
    exam_router,
    monitoring_router,
    backlog_router,
    explanation_router,
    what_if_router,
)

log = structlog.stdlib.get_logger("wherefore")


def create_app(
    settings: Settings,
    *,
    predictor: TextPredictor,
    keys: ApiKeys,
    storage: OpensStorage,
    monitoring: OpensMonitoring | None = None,
    identity: OpensIdentity | None = None,
    now: Callable[[], datetime] = now_utc,
) -> FastAPI:
    """Returns the application; its lifespan opens queue and stores, and closes them again.

    Args:
        settings: the settings of the process.
        predictor: the model that answers.
        keys: the API keys that are accepted.
        storage: opens the stores of cases.
        monitoring: opens the store that monitoring data go into; None takes none in.
        identity: opens the store of programs that ask for tokens; None gives and takes no tokens.
        now: the time that cases are recorded with, UTC.

    Raises:
        PolicyError: the policy file of the settings is not valid.
    """
    service = ScoringService(predictor=predictor, policy=load_policy(settings.policy_file))
    app = FastAPI(
        title="Wherefore",
        version=version("wherefore"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_with_identity(
            _lifespan(service, settings, storage=storage, monitoring=monitoring, now=now),
            settings,
            identity=identity,
        ),
        # Its log records carry exception messages, and its spans the path as asked for.
        telemetry=_NO_TELEMETRY,
    )
    app.state.settings, app.state.keys, app.state.predictor = settings, keys, predictor
    app.state.batcher = app.state.readiness = app.state.desk = app.state.explainer = None
    app.state.monitoring = app.state.backlogs = app.state.explanations = None
    app.state.tokens = None
    app.state.metrics = ServingMetrics(
        model_version=predictor.model_version,
        num_queued=lambda: app.state.batcher.num_queued if app.state.batcher else 0,
    )
    app.add_middleware(RequestContext)
    app.add_exception_handler(WhereforeError, handle_error)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(RequestValidationError, handle_validation_error)
    app.include_router(open_router)
    app.include_router(token_router)
    for router in _GUARDED:
        app.include_router(router, responses=NOT_PERMITTED)
    add_docs(app)
    return app


def _with_identity(
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    settings: Settings,
    *,
    identity: OpensIdentity | None,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def known(app: FastAPI) -> AsyncIterator[None]:
        with nullcontext() if identity is None else identity() as store:
            if store is not None:
                app.state.tokens = Tokens(
                    store,
                    issuer=settings.issuer,
                    lifetime=timedelta(minutes=settings.token_minutes),
                    rotation=timedelta(hours=settings.signing_key_hours),
                )
            async with lifespan(app):
                yield
            app.state.tokens = None

    return known


def _lifespan(
    service: ScoringService,
    settings: Settings,
    *,
    storage: OpensStorage,
    monitoring: OpensMonitoring | None,
    now: Callable[[], datetime],
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        registry = app.state.metrics.registry
        apart = nullcontext() if monitoring is None else monitoring()
        with storage() as stores, apart as kept_apart:
            async with running_scoring(service, settings, registry=registry) as running:
                batcher = running.batcher
                app.state.batcher, app.state.readiness = batcher, running.readiness
                app.state.explainer, app.state.monitoring = running.explainer, kept_apart
                app.state.explanations = running.explanations
                app.state.desk = Desk(
                    storage=stores, score=_scorer(batcher), policy=service.policy, now=now
                )
                async with running_backlogs(
                    service, settings, queue=batcher, registry=registry
                ) as app.state.backlogs:
                    log.info("started", model_version=service.predictor.model_version)
                    yield
            app.state.batcher = app.state.readiness = app.state.desk = app.state.explainer = None
            app.state.monitoring = app.state.backlogs = app.state.explanations = None
        log.info("stopped")

    return lifespan


def _scorer(batcher: Batcher) -> Callable[[Row], OutputRow]:
    """Lets a thread of the desk wait in the same queue as the requests do."""
    loop = asyncio.get_running_loop()

    def score(row: Row) -> OutputRow:
        [scored] = asyncio.run_coroutine_threadsafe(batcher.score([row]), loop).result()
        return scored

    return score
