"""The batcher, its cache and its readiness as the settings ask for them, opened and closed."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from prometheus_client import CollectorRegistry

from data_pipeline.sources import Row
from model_store.engine.outputs import Engine
from model_store.explain.references import References, load_references
from serving.adapters.prometheus import BatchMetrics
from serving.adapters.redis_address import require_redis_address
from serving.adapters.redis_cache import RedisCache
from serving.batching.admission import EXPLANATION_SHARE, BatchLimits
from serving.batching.batcher import Batcher
from serving.batching.window_queue import DEFAULT_BATCH_TOKENS
from serving.cache.codec import CacheIdentity, LogitsCodec, engine_identity
from serving.cache.logits_cache import CacheObserver, LogitsCache, MemoryCache
from serving.cache.secret import open_cache_secret
from serving.cases.decisions import PopulationComparison
from serving.casework.desk import ScoredApplication
from serving.explanations.jobs import ExplanationJobs, JobLimits
from serving.explanations.online import OnlineExplainer
from serving.explanations.worker_process import WorkerModel, WorkerProcess
from serving.ports import TextPredictor
from serving.readiness import Readiness, Verdict
from serving.rows import FailedRow
from serving.scoring import ScoringService
from serving.settings import Settings

_EXPLANATIONS_PART = 8  # explanations are kept in an eighth of what logits may take


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningScoring:
    """What requests are scored with while the server runs.

    Attributes:
        batcher: the way to the engine.
        readiness: whether it can be relied on.
        explainer: says what answers rest on.
        explanations: slow explanations, asked for as jobs.
    """

    batcher: Batcher
    readiness: Readiness
    explainer: OnlineExplainer
    explanations: ExplanationJobs


@asynccontextmanager
async def running_scoring(
    service: ScoringService, settings: Settings, *, registry: CollectorRegistry
) -> AsyncIterator[RunningScoring]:
    """Opens the way to the engine; closes it when what was accepted is answered.

    Args:
        service: what reads texts and makes rows.
        settings: the settings of the process.
        registry: where the metrics are registered.

    Raises:
        CacheSecretError: the state directory cannot hold or give the cache's secret.
        SettingsError: the Redis URL is none.
        ReferencesError: the reference populations cannot be read, or are of another model.
    """
    references = _references(settings, model_digest=service.predictor.digest)
    metrics = BatchMetrics(registry)
    cache = open_cache(settings, predictor=service.predictor, observer=metrics)
    batcher = Batcher(
        service, limits=_limits(settings, service.predictor.engine), observer=metrics, cache=cache
    )
    explainer = _explainer(service, batcher, settings, metrics, references=references)
    readiness = Readiness(batcher, service.predictor, on_wrong=explainer.forget)
    for name, description, read in _gauges(batcher, readiness, cache):
        metrics.watch(name, description, read)
    explanations = _explanations(service, settings, metrics)
    checking = asyncio.ensure_future(readiness.keep_checking())
    try:
        yield RunningScoring(
            batcher=batcher, readiness=readiness, explainer=explainer, explanations=explanations
        )
    finally:
        checking.cancel()
        await explanations.close()
        await batcher.close()
        explainer.close()


def require_usable(settings: Settings, *, model_digest: str) -> None:
    """Refuses settings that `running_scoring` would fail with, before anything is opened.

    Raises:
        CacheSecretError: the state directory cannot hold or give the cache's secret.
        SettingsError: the Redis URL is none.
        ReferencesError: the reference populations cannot be read, or are of another model.
    """
    if settings.redis_url is not None:
        require_redis_address(settings.redis_url)
        open_cache_secret(settings.state_dir, configured=settings.cache_secret)
    _references(settings, model_digest=model_digest)


def scorer_for_threads(
    service: ScoringService, explainer: OnlineExplainer
) -> Callable[[Row], ScoredApplication]:
    """Lets a thread of the desk wait in the same queue as the requests do."""
    loop = asyncio.get_running_loop()

    def score(row: Row) -> ScoredApplication:
        found = asyncio.run_coroutine_threadsafe(explainer.score(row), loop).result()
        return ScoredApplication(
            row=found.row,
            comparisons=tuple(PopulationComparison(**asdict(c)) for c in found.comparisons),
            borderline=() if isinstance(found.row, FailedRow) else service.borderline(found.row),
        )

    return score


def open_cache(
    settings: Settings, *, predictor: TextPredictor, observer: CacheObserver
) -> LogitsCache | None:
    """Returns the cache of a model's logits; None where none is asked for.

    Raises:
        CacheSecretError: the state directory cannot hold or give the secret.
        SettingsError: the Redis URL is none.
    """
    if not settings.cache_bytes and settings.redis_url is None:
        return None
    # What no other process reads needs no secret that survives this one.
    secret = secrets.token_bytes(32)
    if settings.redis_url is not None:
        secret = open_cache_secret(settings.state_dir, configured=settings.cache_secret)
    engine = engine_identity(predictor.engine)
    identity = CacheIdentity(model_digest=predictor.digest, engine=engine)
    codec = LogitsCodec(secret, identity=identity)
    shared = None
    if settings.redis_url is not None:
        shared = RedisCache(
            settings.redis_url,
            codec=codec,
            ttl_seconds=settings.cache_ttl_seconds,
            observer=observer,
        )
    memory = MemoryCache(settings.cache_bytes)
    return LogitsCache(codec, memory=memory, shared=shared, observer=observer)


def worker_model(predictor: TextPredictor, settings: Settings) -> WorkerModel:
    """Returns what the process of slow explanations is to load: the files that serve.

    A reference may name another version of the model by the time that the process starts.
    """
    directory, cache_dir = predictor.directory, settings.cache_dir
    return WorkerModel(
        model=settings.model if directory is None else str(directory),
        cache_dir=None if cache_dir is None else str(cache_dir),
        digest=predictor.digest,
    )


def _explainer(
    service: ScoringService,
    batcher: Batcher,
    settings: Settings,
    metrics: BatchMetrics,
    *,
    references: References | None,
) -> OnlineExplainer:
    return OnlineExplainer(
        service,
        batcher,
        observer=metrics,
        max_tokens=int(settings.max_queued_tokens * EXPLANATION_SHARE),
        # What remains is for the prediction, and for telling that there is no explanation.
        timeout_seconds=settings.request_timeout_seconds / 2,
        kept_bytes=settings.cache_bytes // _EXPLANATIONS_PART,
        references=references,
    )


def _references(settings: Settings, *, model_digest: str) -> References | None:
    if settings.references_file is None:
        return None
    return load_references(settings.references_file, model_digest=model_digest)


def _explanations(
    service: ScoringService, settings: Settings, metrics: BatchMetrics
) -> ExplanationJobs:
    model = worker_model(service.predictor, settings)
    limits = JobLimits(
        max_waiting=settings.max_waiting_explanations,
        timeout_seconds=settings.explanation_timeout_seconds,
        keep_seconds=settings.explanation_keep_seconds,
    )
    return ExplanationJobs(WorkerProcess(model), limits=limits, observer=metrics)


def _limits(settings: Settings, engine: Engine) -> BatchLimits:
    # An engine that gains from larger batches, or from several at once, says so.
    suited = int(getattr(engine, "batch_tokens", DEFAULT_BATCH_TOKENS))
    return BatchLimits(
        max_queued_tokens=settings.max_queued_tokens,
        max_batch_tokens=settings.batch_tokens or suited,
        timeout_seconds=settings.request_timeout_seconds,
        grace_seconds=settings.shutdown_grace_seconds,
    )


def _gauges(
    batcher: Batcher, readiness: Readiness, cache: LogitsCache | None
) -> list[tuple[str, str, Callable[[], float]]]:
    return [
        ("ready", "1 when the known answer was right.", lambda: _is_right(readiness)),
        (
            "queued_tokens",
            "Tokens waiting or being computed.",
            lambda: float(batcher.num_queued_tokens),
        ),
        (
            "engine_tokens_per_second",
            "Speed of the engine lately.",
            lambda: batcher.tokens_per_second,
        ),
        (
            "engine_batch_tokens",
            "Padded tokens of a batch; fewer than set after memory ran out.",
            lambda: float(batcher.batch_tokens),
        ),
        (
            "cache_memory_bytes",
            "Bytes that the process keeps.",
            lambda: float(cache.memory.num_bytes) if cache else 0.0,
        ),
        (
            "cache_degraded",
            "1 when Redis is set and does not answer.",
            lambda: float(cache.is_degraded) if cache else 0.0,
        ),
    ]


def _is_right(readiness: Readiness) -> float:
    return float(readiness.verdict is Verdict.RIGHT)
