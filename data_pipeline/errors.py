"""The errors a user is meant to read.

Each package has one root below `WhereforeError`; the command line prints the message of any of
them as one sentence and exits with code 2. A message says what was found, what was expected and
what to do, and never quotes applicant text.

::

    WhereforeError
    ├── CommandError                      a command cannot run as asked
    │   └── MissingExtraError             ... because an optional dependency is not installed
    ├── DataError                         root of data_pipeline
    ├── model_store.errors.ModelError     root of model_store
    ├── training.errors.TrainingError     root of training
    └── serving.errors.ServingError       root of serving
"""


def install_advice(extra: str) -> str:
    """Returns what to do where an extra of the distribution is missing."""
    return f"run make install EXTRAS={extra} in the project's folder"


class WhereforeError(Exception):
    """Any failure whose message is written for the user."""


class CommandError(WhereforeError):
    """A command cannot run as asked."""


class MissingExtraError(CommandError):
    """A command needs an optional dependency that is not installed.

    Attributes:
        extra: name of the extra of the distribution that brings it.
        module: the module that was not found.
    """

    def __init__(self, *, extra: str, module: str) -> None:
        """Keeps both names and says how to install the extra."""
        super().__init__(
            f"this command needs the module {module!r}, which is not installed: "
            f"{install_advice(extra)}"
        )
        self.extra = extra
        self.module = module


class DataError(WhereforeError):
    """Root of the errors that `data_pipeline` raises."""
