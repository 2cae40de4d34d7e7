"""How the memory of a process grew."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from soak_events import Memory

MAX_GROWTH = 0.05
JUDGED_LIFE_S = 300.0
"""Growth of a process that lived for less is told, and no promise: it was still warming up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How the memory of the process that lived longest grew.

    Its life is cut into sixths: of 30 minutes, the second sixth is minute 5 to 10, and the last
    one the last five minutes.

    Attributes:
        pid: the process.
        life_s: how long it lived under load, seconds.
        kind: "PSS", or "RSS" where the system does not tell PSS.
        early_mib: median of the second sixth.
        late_mib: median of the last sixth.
    """

    pid: int
    life_s: float
    kind: str
    early_mib: float
    late_mib: float

    @property
    def ratio(self) -> float:
        """Growth as a share of the early median."""
        return self.late_mib / self.early_mib - 1


def growth_of(samples: Sequence[Memory], *, pid: int, start: float, end: float) -> Growth | None:
    """Returns how memory grew between the second and the last sixth of a time.

    None where one of the two has no sample.
    """
    own = [s for s in samples if s.pid == pid]
    has_pss = bool(own) and all(s.pss_mib is not None for s in own)
    sixth = (end - start) / 6

    def middle(first: float, last: float) -> float | None:
        found = [
            s.pss_mib if has_pss and s.pss_mib is not None else s.rss_mib
            for s in own
            if first <= s.t <= last
        ]
        return median(found) if found else None

    early, late = middle(start + sixth, start + 2 * sixth), middle(end - sixth, end)
    if early is None or late is None:
        return None
    kind = "PSS" if has_pss else "RSS"
    return Growth(pid=pid, life_s=end - start, kind=kind, early_mib=early, late_mib=late)
