"""What each route asks for: the one table.

A route that stands in no list is refused to everybody, and a test fails for it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from serving.identity.scopes import Scope

PUBLIC = frozenset(
    {
        "GET /health",
        "GET /ready",
        "GET /docs",
        "GET /openapi.json",
        "GET /api/v1/categories",
        "POST /api/v1/token",
        "POST /api/v1/login",
        "GET /api/v1/login/oidc",
        "GET /api/v1/login/oidc/callback",
    }
)
"""What answers without credentials; the assets of /docs too. It tells nothing of applicants."""

SIGNED_IN = frozenset(
    {
        "DELETE /api/v1/token",
        "POST /api/v1/logout",
        "GET /api/v1/me",
        "POST /api/v1/password",
    }
)
"""What asks for valid credentials and no scope: it concerns nothing but them."""

SCRAPED = "GET /metrics"
"""What the token of Prometheus is for, and nothing else."""

SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        SCRAPED: Scope.READ_METRICS,
        "GET /api/v1/metrics": Scope.READ_METRICS,
        "POST /api/v1/predict": Scope.SCORE,
        "POST /api/v1/batch-predict": Scope.SCORE,
        "POST /api/v1/explanations": Scope.SCORE,
        "GET /api/v1/explanations/{explanation_id}": Scope.SCORE,
        "DELETE /api/v1/explanations/{explanation_id}": Scope.SCORE,
        "POST /api/v1/what-if": Scope.SCORE,
        "POST /api/v1/what-if/recourse": Scope.SCORE,
        "GET /api/v1/backlogs": Scope.BACKLOGS,
        "POST /api/v1/backlogs": Scope.BACKLOGS,
        "GET /api/v1/backlogs/{backlog_id}": Scope.BACKLOGS,
        "POST /api/v1/backlogs/{backlog_id}/pause": Scope.BACKLOGS,
        "POST /api/v1/backlogs/{backlog_id}/resume": Scope.BACKLOGS,
        "POST /api/v1/backlogs/{backlog_id}/cancel": Scope.BACKLOGS,
        "GET /api/v1/backlogs/{backlog_id}/result": Scope.BACKLOGS,
        "GET /api/v1/backlogs/{backlog_id}/errors": Scope.BACKLOGS,
        "GET /api/v1/backlogs/{backlog_id}/events": Scope.BACKLOGS,
        "POST /api/v1/applications": Scope.WRITE_CASES,
        "GET /api/v1/applications/{case_id}": Scope.READ_CASES,
        "POST /api/v1/applications/{case_id}/file": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/complete": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/information": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/consents": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/assess": Scope.WRITE_CASES,
        "GET /api/v1/applications/{case_id}/summary": Scope.READ_CASES,
        "GET /api/v1/applications/{case_id}/recommendations": Scope.READ_CASES,
        "GET /api/v1/applications/{case_id}/recommendations/page": Scope.READ_CASES,
        "POST /api/v1/applications/{case_id}/assign": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/reasons-requested": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/retention-requested": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/counteroffer-answer": Scope.WRITE_CASES,
        "POST /api/v1/applications/{case_id}/approval-told": Scope.WRITE_NOTICES,
        "POST /api/v1/applications/{case_id}/counteroffer-told": Scope.WRITE_NOTICES,
        "POST /api/v1/applications/{case_id}/holds": Scope.KEEP_RECORDS,
        "POST /api/v1/applications/{case_id}/holds/lift": Scope.KEEP_RECORDS,
        "POST /api/v1/applications/{case_id}/retain": Scope.KEEP_RECORDS,
        "POST /api/v1/applications/{case_id}/purge": Scope.KEEP_RECORDS,
        "GET /api/v1/applications/{case_id}/exam-package": Scope.EXPORT_CASES,
        "POST /api/v1/decisions": Scope.DECIDE,
        "GET /api/v1/decisions/{decision_id}": Scope.READ_CASES,
        "POST /api/v1/decisions/{decision_id}/reopen": Scope.DECIDE,
        "GET /api/v1/worklist": Scope.READ_CASES,
        "POST /api/v1/notices": Scope.WRITE_NOTICES,
        "POST /api/v1/notices/all": Scope.WRITE_NOTICES,
        "POST /api/v1/notices/check": Scope.WRITE_NOTICES,
        "GET /api/v1/notices/{notice_id}": Scope.READ_CASES,
        "GET /api/v1/notices/{notice_id}/file": Scope.READ_CASES,
        "GET /api/v1/notices/{notice_id}/preview": Scope.READ_CASES,
        "POST /api/v1/notices/{notice_id}/check": Scope.WRITE_NOTICES,
        "POST /api/v1/notices/{notice_id}/release": Scope.RELEASE_NOTICES,
        "POST /api/v1/notices/{notice_id}/sent": Scope.WRITE_NOTICES,
        "POST /api/v1/notices/{notice_id}/discard": Scope.WRITE_NOTICES,
        "POST /api/v1/notices/{notice_id}/regenerate": Scope.READ_CASES,
        "POST /api/v1/monitoring/{case_id}": Scope.ENTER_MONITORING,
    }
)
"""The scope of every other route, by method and template."""


def name_of(method: str, template: str) -> str:
    """Returns the name of a route in the table; HEAD asks for what GET does."""
    return f"{'GET' if method == 'HEAD' else method} {template}"
