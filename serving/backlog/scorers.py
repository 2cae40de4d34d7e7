"""What a job is scored by: this machine, or a cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from serving.backlog.cluster import Cluster, ClusterEngine
from serving.backlog.draft_terms import DraftTerms
from serving.backlog.engine import JobEngine, LocalEngine
from serving.backlog.errors import ClusterSettingsError
from serving.backlog.formats import output_format
from serving.backlog.identity import ScorerIdentity
from serving.backlog.job import Job
from serving.backlog.loading import (
    ModelLoader,
    load_backlog_predictor,
    num_cores,
    scorer_identity,
)
from serving.backlog.source import RowSource
from serving.backlog.texts import Explain
from serving.backlog.workers import ServiceLoader
from serving.policy import Policy
from serving.scoring import ScoringService
from serving.settings import Settings

EngineName = Literal["local", "ray"]
"""What runs a job."""


class JobScorer(Protocol):
    """Something that can score a job."""

    @property
    def identity(self) -> ScorerIdentity:
        """What decides its numbers."""

    def engine(
        self,
        job: Job,
        path: Path,
        *,
        source: RowSource,
        explain: Explain,
        drafts: DraftTerms | None = None,
    ) -> JobEngine:
        """Returns the engine of a job that makes the output at `path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalScorer:
    """This process.

    Attributes:
        service: what scores.
        identity: what decides its numbers.
    """

    service: ScoringService
    identity: ScorerIdentity

    def engine(
        self,
        job: Job,
        path: Path,
        *,
        source: RowSource,
        explain: Explain,
        drafts: DraftTerms | None = None,
    ) -> JobEngine:
        """Returns the engine of a job; see `JobScorer`."""
        return LocalEngine(
            job,
            source=source,
            service=self.service,
            output=output_format(path, order=source.order),
            explain=explain,
            drafts=drafts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterScorer:
    """A cluster.

    Attributes:
        cluster: its machines.
        loader: loads what scores there.
        identity: what decides its numbers: the same as here where model, engine and cores are.
    """

    cluster: Cluster
    loader: ServiceLoader
    identity: ScorerIdentity

    def engine(
        self,
        job: Job,
        path: Path,
        *,
        source: RowSource,
        explain: Explain,
        drafts: DraftTerms | None = None,
    ) -> JobEngine:
        """Returns the engine of a job; see `JobScorer`."""
        return ClusterEngine(
            self.cluster,
            job,
            source=source,
            output=path,
            loader=self.loader,
            scorer=self.identity,
            explain=explain,
            drafts=drafts,
        )


@contextmanager
def opened_scorer(name: EngineName, *, settings: Settings, policy: Policy) -> Iterator[JobScorer]:
    """Opens what is to score, and closes it at the end.

    Raises:
        MissingExtraError: Ray is asked for and not installed.
        ClusterError: the cluster cannot be used.
        ArtifactError: the model directory is not a whole, unchanged model.
        RegistryError: the registry does not have the model, or cannot be reached.
        BackendError: the engine that the settings name cannot be had.
    """
    if name == "local":
        service = ScoringService(predictor=load_backlog_predictor(settings), policy=policy)
        yield LocalScorer(service=service, identity=scorer_identity(service, settings))
        return
    if settings.torchserve_url is not None:
        raise ClusterSettingsError
    from serving.adapters.ray_data import ray_cluster  # noqa: PLC0415 - an extra

    loader = ModelLoader.of(settings, policy)
    with ray_cluster(num_cores=num_cores(settings)) as cluster:
        yield ClusterScorer(cluster=cluster, loader=loader, identity=cluster.identity(loader))
