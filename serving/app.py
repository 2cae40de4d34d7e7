"""The HTTP application, put together from settings, a model and the accepted keys."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import TracerProvider
from starlette.exceptions import HTTPException

from data_pipeline.errors import WhereforeError
from serving.adapters.identity.opening import issuer_of, sign_in_over
from serving.adapters.identity.tokens import Tokens
from serving.adapters.limit_metrics import LimitMetrics
from serving.adapters.prometheus import ServingMetrics
from serving.api.backlog_routes import backlog_router
from serving.api.case_routes import case_router
from serving.api.desk_routes import desk_router
from serving.api.docs import add_docs
from serving.api.documented import NOT_PERMITTED
from serving.api.exam_routes import exam_router
from serving.api.explanation_routes import explanation_router
from serving.api.front_door import add_front_door
from serving.api.issuer_routes import issuer_router
from serving.api.monitoring_routes import monitoring_router
from serving.api.notice_routes import notice_router
from serving.api.problems import handle_error, handle_http_exception, handle_validation_error
from serving.api.routes import keyed_router, open_router
from serving.api.sign_in_routes import session_router, sign_in_router
from serving.api.sign_in_threads import SignInThreads
from serving.api.token_routes import token_router
from serving.api.what_if_routes import what_if_router
from serving.backlog.server.opening import running_backlogs
from serving.cases.store import OpensStorage
from serving.casework.desk import Desk, now_utc
from serving.identity.sign_in import SignIn
from serving.identity.store import OpensIdentity
from serving.keys import ApiKeys
from serving.limits_setup import open_limits, shared_limits
from serving.monitoring.store import OpensMonitoring
from serving.policy import load_policy
from serving.ports import TextPredictor
from serving.scoring import ScoringService
from serving.scoring_setup import running_scoring, scorer_for_threads
from serving.settings import Settings

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

_ENGINE_THREADS = 8
"""Commands of the desk that may wait for the engine at once; more wait for one of these."""

log = structlog.stdlib.get_logger("wherefore")


def create_app(
    settings: Settings,
    *,
    predictor: TextPredictor,
    keys: ApiKeys,
    storage: OpensStorage,
    monitoring: OpensMonitoring | None = None,
    identity: OpensIdentity | None = None,
    tracing: TracerProvider | None = None,
    now: Callable[[], datetime] = now_utc,
) -> FastAPI:
    """Returns the application; its lifespan opens queue and stores, and closes them again.

    Args:
        settings: the settings of the process.
        predictor: the model that answers.
        keys: the API keys that are accepted.
        storage: opens the stores of cases.
        monitoring: opens the store that monitoring data go into; None takes none in.
        identity: opens the store of people who sign in and programs that ask for tokens; None lets
            nobody sign in, and gives and takes no tokens.
        tracing: makes traces and sends them; None makes none.
        now: the time that cases are recorded with, UTC.

    Raises:
        PolicyError: the policy file of the settings is not valid.
        SettingsError: the settings of the OpenID Connect issuer are not whole.
    """
    service = ScoringService(predictor=predictor, policy=load_policy(settings.policy_file))
    app = FastAPI(
        title="Wherefore",
        version=version("wherefore"),
        description=_DESCRIPTION,
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_with_identity(
            _lifespan(service, settings, storage=storage, monitoring=monitoring, now=now),
            settings,
            identity=identity,
        ),
        telemetry=_telemetry(tracing),
    )
    app.state.tracing = tracing
    app.state.settings, app.state.keys = settings, keys
    app.state.service, app.state.predictor = service, predictor
    app.state.batcher = app.state.readiness = app.state.desk = app.state.explainer = None
    app.state.monitoring = app.state.backlogs = app.state.explanations = None
    app.state.engine_threads = None
    app.state.tokens = app.state.sign_in = app.state.sign_in_threads = None
    app.state.issuer = issuer_of(settings)
    app.state.metrics = ServingMetrics(
        model_version=predictor.model_version,
        num_queued=lambda: _num_queued(app),
    )
    app.state.limit_metrics = LimitMetrics(app.state.metrics.registry)
    app.state.limits = open_limits(settings, app.state.limit_metrics)
    add_front_door(app, settings)
    app.add_exception_handler(WhereforeError, handle_error)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(RequestValidationError, handle_validation_error)
    app.include_router(open_router)
    app.include_router(token_router)
    app.include_router(sign_in_router)
    app.include_router(session_router)
    app.include_router(issuer_router)
    for router in _GUARDED:
        app.include_router(router, responses=NOT_PERMITTED)
    add_docs(app)
    return app


def _telemetry(tracing: TracerProvider | None) -> TelemetryConfig:
    """The framework's spans alone: its log records carry exception messages."""
    return {
        "tracing": tracing is not None,
        "tracer_provider": tracing,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
    }


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
                app.state.sign_in = sign_in_over(store, settings)
                app.state.sign_in_threads = SignInThreads()
            async with lifespan(app):
                yield
            if app.state.sign_in_threads is not None:
                app.state.sign_in_threads.close()
            app.state.tokens = app.state.sign_in = app.state.sign_in_threads = None

    return known


def _knowing(app: FastAPI) -> Callable[[str], bool]:
    """Whether somebody has a key or can sign in; whom an issuer will name nobody knows before."""

    def knows(person_id: str) -> bool:
        if app.state.issuer is not None or app.state.keys.is_of(person_id):
            return True
        sign_in: SignIn | None = app.state.sign_in
        account = sign_in.people.account(person_id) if sign_in else None
        return account is not None and not account.is_disabled

    return knows


def _num_queued(app: FastAPI) -> int:
    """Applications that wait or are worked on, those being explained or compared too."""
    parts = app.state.batcher, app.state.explainer
    if None in parts:
        return 0
    batcher, explainer = parts
    return int(batcher.num_queued + explainer.num_applications)


@asynccontextmanager
async def _threads_for_the_engine() -> AsyncIterator[ThreadPoolExecutor]:
    """Gives the threads on which commands of the desk wait for the engine."""
    threads = ThreadPoolExecutor(_ENGINE_THREADS, thread_name_prefix="assessments")
    try:
        yield threads
    finally:  # not waited for: what they wait for runs on this very loop
        threads.shutdown(wait=False, cancel_futures=True)


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
            async with (
                shared_limits(app.state.limits, settings, app.state.limit_metrics),
                running_scoring(service, settings, registry=registry) as running,
            ):
                batcher = running.batcher
                app.state.batcher, app.state.readiness = batcher, running.readiness
                app.state.explainer, app.state.monitoring = running.explainer, kept_apart
                app.state.explanations = running.explanations
                app.state.desk = Desk(
                    storage=stores,
                    score=scorer_for_threads(service, running.explainer),
                    policy=service.policy,
                    knows=_knowing(app),
                    now=now,
                )
                async with (
                    _threads_for_the_engine() as app.state.engine_threads,
                    running_backlogs(
                        service, settings, queue=batcher, registry=registry
                    ) as app.state.backlogs,
                ):
                    log.info("started", model_version=service.predictor.model_version)
                    yield
            app.state.batcher = app.state.readiness = app.state.desk = app.state.explainer = None
            app.state.monitoring = app.state.backlogs = app.state.explanations = None
        log.info("stopped")

    return lifespan
