"""Loading the model for many texts, in this process or in those of a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_store.engine.outputs import EngineLogits
from model_store.engine.processor import available_cores
from serving.backlog.identity import ScorerIdentity
from serving.policy import Policy
from serving.scoring import ScoringService
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.ports import TextPredictor


def load_backlog_predictor(settings: Settings) -> "TextPredictor":
    """Loads the model for many texts: as many batches at once as there are cores.

    Raises:
        BackendError: the engine that the settings name cannot be had.
        ArtifactError: the model is not whole, was changed, or is of another version of the code.
        RegistryError: the registry does not have the model, or cannot be reached.
    """
    from model_store.predictor import Predictor  # noqa: PLC0415
    from model_store.registry.models import resolve_model  # noqa: PLC0415
    from serving.adapters.in_process import engine_choice, load_predictor  # noqa: PLC0415

    if settings.torchserve_url is not None:
        return load_predictor(settings)
    model = resolve_model(settings.model, cache_dir=settings.cache_dir)
    choice = replace(engine_choice(settings), num_streams=num_cores(settings))
    return Predictor.load(model, choice=choice)


def num_cores(settings: Settings) -> int:
    """Returns the CPU cores that the engine computes on."""
    return settings.threads or available_cores()


def scorer_identity(service: ScoringService, settings: Settings) -> ScorerIdentity:
    """Returns what tells the numbers of a service from another's."""
    from serving.cache.codec import engine_identity  # noqa: PLC0415

    engine = engine_identity(service.predictor.engine)
    return ScorerIdentity.of(service, engine=f"{engine} on {num_cores(settings)} cores")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLoader:
    """Loads the model of the settings in any process (`serving.backlog.workers.ServiceLoader`).

    Attributes:
        settings: what the model and its engine need, and nothing secret.
        policy: the creditor's policy.
    """

    settings: Settings
    policy: Policy

    @classmethod
    def of(cls, settings: Settings, policy: Policy) -> "ModelLoader":
        """Takes of the settings what loading needs; the rest is not sent anywhere.

        An alias of a registry is taken for the version that it has now: processes that begin later
        load the same.

        Raises:
            RegistryError: the registry does not have the model, or cannot be reached.
        """
        from model_store.registry.models import pinned_reference  # noqa: PLC0415

        needed = {"cache_dir", "engine", "precision", "threads"}
        taken = settings.model_dump(include=needed) | {"model": pinned_reference(settings.model)}
        return cls(settings=Settings.model_construct(**taken), policy=policy)

    def reader(self) -> ScoringService:
        """Returns what reads texts, without weights in memory."""
        from model_store.predictor import Predictor  # noqa: PLC0415
        from model_store.registry.models import resolve_model  # noqa: PLC0415
        from model_store.stored import open_stored  # noqa: PLC0415

        model = resolve_model(self.settings.model, cache_dir=self.settings.cache_dir)
        predictor: Predictor = Predictor.from_stored(open_stored(model), engine=_NoEngine())
        return ScoringService(predictor=predictor, policy=self.policy)

    def scorer(self) -> ScoringService:
        """Returns what scores."""
        predictor = load_backlog_predictor(self.settings)
        return ScoringService(predictor=predictor, policy=self.policy)

    def identity(self, service: ScoringService) -> ScorerIdentity:
        """Returns what tells its numbers from another's."""
        return scorer_identity(service, self.settings)


class _NoEngine:
    """Stands where nothing is computed."""

    def logits(self, ids: Sequence[Sequence[int]]) -> EngineLogits:
        raise NotImplementedError(f"a reader was asked to compute {len(ids)} windows")
