"""The verdicts of a notice, for people and for programs."""

from dataclasses import asdict

from serving.notices.checks.every_check import blocking
from serving.notices.checks.verdict import Severity, Verdict


def report_json(verdicts: list[Verdict]) -> dict[str, object]:
    """Returns every verdict and whether anything blocks the release."""
    return {
        "blocked": bool(blocking(verdicts)),
        "verdicts": [asdict(verdict) for verdict in verdicts],
    }


def report_text(verdicts: list[Verdict]) -> str:
    """Returns one line for each failure, and a last line with the counts."""
    failures = [verdict for verdict in verdicts if not verdict.passed]
    lines = [
        f"{verdict.check_id} {_CALLED[verdict.severity]}: {verdict.message}" for verdict in failures
    ]
    num_blocking = len(blocking(verdicts))
    lines.append(
        f"checked clause by clause: {len(verdicts) - len(failures)} of {len(verdicts)} passed, "
        f"{num_blocking} block the release, {len(failures) - num_blocking} warn"
    )
    return "\n".join(lines)


_CALLED = {Severity.BLOCKS: "blocks", Severity.WARNS: "warns"}
