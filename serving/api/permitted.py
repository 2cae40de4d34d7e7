"""What routes answer that need a permission: the same as others, and 403."""

from typing import Any

from serving.api.case_access import READING, WRITING
from serving.api.problems import PROBLEM_MEDIA_TYPE, Problem

_NOT_PERMITTED: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "The key does not have the permission that this needs.",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}
PERMITTED_WRITING: dict[int | str, dict[str, Any]] = WRITING | _NOT_PERMITTED
"""What a route that changes something may answer, beside its answer."""
PERMITTED_READING: dict[int | str, dict[str, Any]] = READING | _NOT_PERMITTED
"""What a route without a body may answer, beside its answer."""
