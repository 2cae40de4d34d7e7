"""What every guarded route may answer: the credentials do not bring its scope."""

from typing import Any

from serving.api.problems import PROBLEM_MEDIA_TYPE, Problem

NOT_PERMITTED: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "The credentials do not bring the scope that this needs.",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}
