"""What routes may answer beside their answers, as the OpenAPI document has it."""

from collections.abc import Iterable, Mapping
from typing import Any

from serving.api.problems import PROBLEM_MEDIA_TYPE, Problem


def documented(
    descriptions: Mapping[int, str], statuses: Iterable[int] | None = None
) -> dict[int | str, dict[str, Any]]:
    """Returns problems as the OpenAPI document has them.

    Args:
        descriptions: when each status is answered.
        statuses: which of them; None for all.
    """
    content = {PROBLEM_MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    chosen = descriptions if statuses is None else statuses
    return {status: {"description": descriptions[status], "content": content} for status in chosen}


NOT_PERMITTED = documented(
    {
        403: "The credentials do not bring the scope that this needs.",
        429: "The client has used up its quota: try again after the seconds in Retry-After.",
    }
)
"""What every guarded route may answer."""
