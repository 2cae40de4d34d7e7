"""Errors of `model_store`.

::

    ModelError
    ├── ArtifactError                 a model directory cannot be used
    │   ├── ArtifactMissingError      ... since a file is not there
    │   ├── ArtifactTamperedError     ... since a file is not the one the manifest names
    │   └── ArtifactMismatchError     ... since it was made for another taxonomy or format
    ├── BackendError                  an engine cannot be had for a model
    │   ├── BackendUnavailableError   ... since this machine or installation has none such
    │   ├── ConversionError           ... since the model could not be converted for it
    │   ├── DerivedModelDamagedError  ... since a converted file is not what was written
    │   └── QuantizationRefusedError  ... since 8-bit answers differ too much
    ├── DeviceLostError               the GPU of an engine has failed
    ├── RegistryError                 a model registry does not give or take a model
    │   ├── ModelReferenceError       ... since it was not named as models:/NAME@ALIAS
    │   ├── RegistryUnavailableError  ... since it cannot be reached or used
    │   ├── UnknownModelError         ... since it has no such model, version or alias
    │   └── ForeignModelError         ... since the version was not put there by this project
    └── TextTooLongError              a text is over the limit
"""

from data_pipeline.errors import WhereforeError


class ModelError(WhereforeError):
    """The model failed, through no fault of the request."""


class ArtifactError(ModelError):
    """A model directory cannot be used."""


class ArtifactMissingError(ArtifactError):
    """A model directory, or a file it must hold, is not there."""


class ArtifactTamperedError(ArtifactError):
    """A file of a model directory is not the one its manifest names."""


class ArtifactMismatchError(ArtifactError):
    """A model was made for another taxonomy, rendering, masking or format than this code's."""


class BackendError(ModelError):
    """An engine cannot be had for a model."""


class BackendUnavailableError(BackendError):
    """The engine or precision asked for is not to be had here."""


class ConversionError(BackendError):
    """A model could not be converted, or the converted one says something else."""


class DerivedModelDamagedError(BackendError):
    """A converted model is not the file that was written."""


class QuantizationRefusedError(BackendError):
    """A quantised model answers too differently to be used."""


class DeviceLostError(ModelError):
    """The GPU of an engine has failed: no later call of this process would succeed on it."""

    def __init__(self) -> None:
        """Takes nothing: what the device said is the cause."""
        super().__init__(
            "the GPU failed, and this process can compute nothing on it any more: start it again, "
            "and look at what the driver says (nvidia-smi, dmesg) if it fails again"
        )


class RegistryError(ModelError):
    """A model registry does not give or take a model."""


class ModelReferenceError(RegistryError):
    """A model of a registry was named in another way than `models:/NAME@ALIAS`."""


class RegistryUnavailableError(RegistryError):
    """A model registry, or the folder its models are kept in, cannot be reached or used."""


class UnknownModelError(RegistryError):
    """A registry has no model, version or alias of that name."""


class ForeignModelError(RegistryError):
    """A registered version holds something else than a model of this project."""


class TextTooLongError(ModelError):
    """A text is over the limit.

    Attributes:
        num_bytes: length found, bytes of UTF-8.
        max_bytes: longest length accepted.
    """

    def __init__(self, *, num_bytes: int, max_bytes: int) -> None:
        """Keeps both lengths."""
        super().__init__(
            f"the text has {num_bytes:,} bytes of UTF-8; at most {max_bytes:,} are read: "
            "shorten it or split the file"
        )
        self.num_bytes = num_bytes
        self.max_bytes = max_bytes
