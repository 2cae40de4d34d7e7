"""Errors of `serving.notices`, below `serving.errors.ServingError`.

::

    ServingError
    └── NoticeError               root of this package
        ├── NoticeFileError       a file does not hold a notice and its decision record
        ├── NoticeDataError       wording or agency asked for is not in the shipped data
        ├── LanguageError         no approved texts in the language asked for
        ├── ReasonsError          the decision record gives no reasons that could be stated
        └── RenderError           a notice cannot be rendered as asked
"""

from serving.errors import ServingError


class NoticeError(ServingError):
    """A notice cannot be handled as asked."""


class NoticeFileError(NoticeError):
    """A file does not hold a notice and its decision record."""


class NoticeDataError(NoticeError):
    """Wording or an agency asked for is not in the shipped data."""


class LanguageError(NoticeError):
    """No approved texts exist in the language asked for."""


class ReasonsError(NoticeError):
    """The decision record gives no reasons that could be stated."""


class RenderError(NoticeError):
    """A notice cannot be rendered as asked."""
