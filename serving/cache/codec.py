"""Names and forms of cached logits: an HMAC of the token ids, and bytes that vouch for themselves.

A name tells nothing of the text to whoever does not know the secret, and is another one for every
model, taxonomy, rendering, masking and backend. A value carries a code over its name and its
numbers: what was damaged, forged or stored under another name is told from what was stored.
"""

import hashlib
import hmac
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from data_pipeline.domain.masking import MASKING_VERSION
from data_pipeline.domain.rendering import RENDERING_VERSION
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, TAXONOMY_VERSION
from model_store.engine.derived import computing_code_sha256
from model_store.engine.outputs import Engine, EngineLogits

FORMAT_VERSION = 1
"""Version of the form of a stored value."""

_CODE_BYTES = 32
_NUMBER = np.dtype("<f4")
_NUM_HEAD = len(CATEGORIES) + len(REASONS) + 1
_LIBRARIES = ("torch", "openvino")


class GarbageError(ValueError):
    """A stored value is not what was once stored under its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheIdentity:
    """All that the logits of given token ids depend on.

    Attributes:
        model_digest: identity of the model.
        engine: the backend with its precision and version.
        taxonomy: version of the labels.
        rendering: version of the text format.
        masking: version of the masker.
        format: version of the stored form.
        code: identity of the code that makes a network of the model and computes with it.
    """

    model_digest: str
    engine: str
    taxonomy: str = TAXONOMY_VERSION
    rendering: str = RENDERING_VERSION
    masking: str = MASKING_VERSION
    format: int = FORMAT_VERSION
    code: str = field(default_factory=computing_code_sha256)

    @property
    def namespace(self) -> str:
        """Short name of everything cached under this identity; another one for any other."""
        parts = [self.model_digest, self.engine, self.taxonomy, self.rendering, self.masking]
        content = json.dumps([*parts, self.format, self.code])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def engine_identity(engine: Engine) -> str:
    """Returns what tells an engine's numbers from another's.

    An engine may say so itself, as `identity`; of any other the class and the versions of the
    libraries that compute are taken.
    """
    given = getattr(engine, "identity", None)
    if isinstance(given, str):
        return given
    kind = f"{type(engine).__module__}.{type(engine).__qualname__}"
    return " ".join([kind, *(f"{name}-{_version(name)}" for name in _LIBRARIES)])


class LogitsCodec:
    """Names and seals logits under a secret. Thread-safe."""

    def __init__(self, secret: bytes, *, identity: CacheIdentity) -> None:
        """Derives a key for names and one for codes.

        Args:
            secret: the deployment's secret, at least 32 bytes.
            identity: what the logits depend on beside the token ids.
        """
        self.namespace = identity.namespace
        bound = identity.namespace.encode()
        self._names = hmac.new(secret, b"name:" + bound, hashlib.sha256).digest()
        self._codes = hmac.new(secret, b"code:" + bound, hashlib.sha256).digest()

    def name(self, ids: Sequence[int]) -> bytes:
        """Returns the name of the logits of a window, 32 bytes."""
        return hmac.digest(self._names, array("I", ids).tobytes(), "sha256")

    def seal(self, name: bytes, logits: EngineLogits) -> bytes:
        """Returns the stored form of the logits of one window."""
        parts = (logits.category_WC, logits.reason_WR, logits.risk_W, logits.evidence[0])
        content = b"".join(np.ascontiguousarray(part, dtype=_NUMBER).tobytes() for part in parts)
        return self._code(name, content) + content

    def open(self, name: bytes, value: bytes) -> EngineLogits:
        """Returns the logits of a stored form, to the bit as they were sealed; read-only.

        Raises:
            GarbageError: the value is not one that `seal` made under this name.
        """
        code, content = value[:_CODE_BYTES], value[_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(name, content)):
            raise GarbageError("a cached value does not carry the code of its name and numbers")
        numbers = np.frombuffer(content, dtype=_NUMBER)
        category_C, reason_R, risk, evidence = np.split(
            numbers, [len(CATEGORIES), _NUM_HEAD - 1, _NUM_HEAD]
        )
        return EngineLogits(
            category_WC=category_C[None],
            reason_WR=reason_R[None],
            risk_W=risk,
            evidence=[evidence.reshape(-1, len(CATEGORIES))],
        )

    def _code(self, name: bytes, content: bytes) -> bytes:
        return hmac.digest(self._codes, name + content, "sha256")


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"
