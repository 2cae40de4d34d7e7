"""The HTTP application, put together from settings, a model and the accepted keys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from data_pipeline.errors import WhereforeError
from serving.adapters.prometheus import ServingMetrics
from serving.api.context import RequestContext
from serving.api.docs import add_docs
from serving.api.problems import handle_error, handle_http_exception, handle_validation_error
from serving.api.routes import keyed_router, open_router
from serving.keys import ApiKeys
from serving.policy import load_policy
from serving.ports import TextPredictor
from serving.queueing import ScoringQueue
from serving.scoring import ScoringService
from serving.settings import Settings

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}

_DESCRIPTION = """
Reads loan applications: the risk of default, the principal reasons a denial would rest on, and the
words that carry them. The model advises; a person decides.

Errors are problem details (RFC 9457) with a stable `code`. Every answer carries `X-Request-ID`.
""".strip()

log = structlog.stdlib.get_logger("wherefore")


def create_app(settings: Settings, *, predictor: TextPredictor, keys: ApiKeys) -> FastAPI:
    """Returns the application; its lifespan opens the inference queue and closes it again.

    Args:
        settings: the settings of the process.
        predictor: the model that answers.
        keys: the API keys that are accepted.

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
        lifespan=_lifespan(service, settings),
        # Its log records carry exception messages, and its spans the path as asked for.
        telemetry=_NO_TELEMETRY,
    )
    app.state.settings, app.state.keys, app.state.predictor = settings, keys, predictor
    app.state.queue = None
    app.state.metrics = ServingMetrics(
        model_version=predictor.model_version,
        num_queued=lambda: app.state.queue.num_queued if app.state.queue else 0,
    )
    app.add_middleware(RequestContext)
    app.add_exception_handler(WhereforeError, handle_error)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(RequestValidationError, handle_validation_error)
    app.include_router(open_router)
    app.include_router(keyed_router)
    add_docs(app)
    return app


def _lifespan(
    service: ScoringService, settings: Settings
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        queue = ScoringQueue(
            service,
            max_applications=settings.max_queued_applications,
            timeout_seconds=settings.request_timeout_seconds,
        )
        app.state.queue = queue
        log.info("started", model_version=service.predictor.model_version)
        yield
        app.state.queue = None
        await asyncio.to_thread(queue.close)
        log.info("stopped")

    return lifespan
