"""Models in an MLflow registry: kept as plain files, fetched, and loaded by our own loader."""

from model_store.registry.models import CHALLENGER, CHAMPION, ModelRegistry, resolve_model

__all__ = ["CHALLENGER", "CHAMPION", "ModelRegistry", "resolve_model"]
