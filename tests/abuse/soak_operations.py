"""What clients do in a soak, drawn by a seed: predictions, cases, notices, readings, backlogs."""

import itertools
import json
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from denials import denial_of
from request_bodies import RECEIVE
from soak_answers import Judge, Reference
from soak_clients import Ask, Clients
from soak_records import CaseRecord, Check, holds

NUM_REPEATED = 64
"""Texts that come again and again; the others come again when caches have forgotten them."""
BATCH_ROWS = (2, 8)
BACKLOG_ROWS = 48
_NUM_RECENT = 500
_SECOND_PERSON = "A1"
_ASKS_MORE = {"incomplete_application", "other"}
"""Categories whose reasons may ask for more than an assessment says: items, or words of one's."""
_ROWS = "application/x-ndjson"

Operation = Callable[[], Coroutine[Any, Any, None]]


class Operations:
    """Operations over texts whose right answers are known.

    Attributes:
        clients: who does them.
        backlogs: references of the rows of each accepted backlog, and who sent it, by its id.
        num_done: operations that have ended.
    """

    def __init__(
        self, clients: Clients, references: Sequence[Reference], judge: Judge, *, seed: int
    ) -> None:
        """Takes the texts, in the order in which they come."""
        self.clients, self._judge = clients, judge
        self._numbers = random.Random(seed)
        self._repeated = references[:NUM_REPEATED]
        self._fresh = itertools.cycle(references[NUM_REPEATED:] or references)
        self._deniable: list[Reference] = []
        self._clear = [
            r for r in references if r.stated and not r.stated & _ASKS_MORE and judge.is_clear(r)
        ]
        self._count = itertools.count(1)
        self._recent: deque[str] = deque(maxlen=_NUM_RECENT)
        self.backlogs: dict[str, tuple[str, Sequence[Reference]]] = {}
        self.num_done = 0
        weighed: dict[Operation, float] = {
            self.predict_fresh: 0.42,
            self.predict_repeated: 0.25,
            self.predict_explained: 0.04,
            self.predict_batch: 0.04,
            self.open_case: 0.04,
            self.deny: 0.04,
            self.read_case: 0.09,
            self.read_lists: 0.08,
        }
        self._kinds, self._weights = list(weighed), list(weighed.values())

    async def one(self) -> None:
        """Does a drawn operation."""
        [kind] = self._numbers.choices(self._kinds, self._weights)
        await kind()
        self.num_done += 1

    async def predict_fresh(self) -> None:
        """A text that is not in the caches."""
        await self._predict(next(self._fresh), "predict fresh")

    async def predict_repeated(self) -> None:
        """A text that mostly is."""
        await self._predict(self._numbers.choice(self._repeated), "predict repeated")

    async def predict_explained(self) -> None:
        """A fresh text with confirmed quotes."""
        await self._predict(next(self._fresh), "predict explained", query="?explain=fast")

    async def predict_batch(self) -> None:
        """Several texts at once."""
        chosen = [next(self._fresh) for _ in range(self._numbers.randint(*BATCH_ROWS))]
        rows = [(f"row-{next(self._count)}", reference) for reference in chosen]

        def check(body: Any) -> str | None:
            if len(body["rows"]) != len(rows):
                return "another number of rows"
            found = (
                self._judge.wrong(row, reference, row_id=row_id)
                for row, (row_id, reference) in zip(body["rows"], rows, strict=True)
            )
            return next((note for note in found if note), None)

        applications = [{"id": row_id, "text": reference.text} for row_id, reference in rows]
        await self.clients.send(
            Ask(
                who=self.clients.one_of("batch", self._numbers),
                kind="batch-predict",
                route="POST /api/v1/batch-predict",
                body={"applications": applications},
                check=check,
            )
        )

    async def probe_prediction(self) -> bool:
        """Returns whether a text that no cache can know is answered."""
        return await self._probe() is not None

    async def probe_cache(self) -> bool:
        """Returns whether such a text is answered with every part at work."""
        body = await self._probe()
        return body is not None and not body["degraded"]

    async def probe_case(self) -> bool:
        """Returns whether a case can be opened."""
        return await self.open_case(is_probe=True) is not None

    async def probe_backlog(self) -> bool:
        """Returns whether a backlog is taken."""
        return await self.post_backlog(is_probe=True) is not None

    async def open_case(self, *, is_probe: bool = False) -> str | None:
        """Opens a case; returns its id, None where the service did not acknowledge it."""
        case = f"case-{next(self._count):07d}"
        who = self.clients.one_of("underwriter", self._numbers)
        kind = "case probe" if is_probe else "open case"
        opened = await self._step(
            case, who, "applications", "application_received", self._received(case), status=201,
            kind=kind, is_probe=is_probe,
        )  # fmt: skip
        if opened is None:
            return None
        self._recent.append(case)
        return case

    async def find_deniable(self, most: int) -> int:
        """Denies cases until some texts went all the way to a letter; returns how many did.

        A letter cannot be written for every stretch of text: only these are denied from then on.
        """
        for reference in self._clear:
            if len(self._deniable) >= most:
                break
            if await self._deny(reference, releases=True, is_trial=True):
                self._deniable.append(reference)
        return len(self._deniable)

    async def deny(self) -> None:
        """Opens a case and goes on to a notice, checked and, of every other case, released."""
        if self._deniable:
            releases = self._numbers.random() < 0.5
            await self._deny(self._numbers.choice(self._deniable), releases=releases)

    async def _deny(self, reference: Reference, *, releases: bool, is_trial: bool = False) -> bool:
        """Returns whether it went as far as it was to go."""
        case = f"case-{next(self._count):07d}"
        who = self.clients.one_of("underwriter", self._numbers)
        path = f"applications/{case}"
        received = self._received(case, reference.text)
        opened = await self._step(case, who, "applications", "application_received", received,
                                  status=201)  # fmt: skip
        if opened is None:
            return False
        self._recent.append(case)
        if await self._step(case, who, f"{path}/complete", "application_completed", {}) is None:
            return False
        assessed = await self._step(
            case, who, f"{path}/assess", "assessment_recorded", {},
            check=lambda body: self._judge.wrong_assessment(body, reference),
        )  # fmt: skip
        if assessed is None or not assessed["assessment"]["principal_reasons"]:
            return False
        denial = denial_of(case, assessed["assessment"])
        decided = await self._step(case, who, "decisions", "decision_recorded", denial, status=201)
        return decided is not None and await self._tell(
            case, who, releases=releases, is_trial=is_trial
        )

    async def _tell(self, case: str, who: str, *, releases: bool, is_trial: bool) -> bool:
        drafted = await self._step(
            case, who, "notices", "notice_drafted", {"case_id": case}, status=201
        )
        if drafted is None:
            return False
        path = f"notices/{drafted['notice_id']}"
        checked = await self._step(case, who, f"{path}/check", "notice_checked", {})
        if checked is None or not releases:
            return checked is not None
        if is_trial and _is_refused(checked):
            return False
        second = self.clients.one_of("compliance", self._numbers)
        released = await self._step(case, second, f"{path}/release", "notice_released", {})
        return released is not None

    async def read_case(self) -> None:
        """Reads a case: every step acknowledged before must be in it."""
        if not self._recent:
            return
        case = self._numbers.choice(self._recent)
        record = self.clients.cases[case]
        # Another operation may add to it before this one is answered.
        known = CaseRecord(owner=record.owner, steps=list(record.steps))
        who = self.clients.one_of("compliance", self._numbers)
        route = f"GET /api/v1/applications/{case}"
        await self.clients.send(Ask(who=who, kind="read case", route=route, check=holds(known)))

    async def read_lists(self) -> None:
        """Reads a worklist, the backlogs or the categories."""
        role, path = self._numbers.choice(
            [
                ("underwriter", "worklist?limit=20"),
                ("batch", "backlogs?limit=5"),
                ("batch", "categories"),
            ]
        )
        who = self.clients.one_of(role, self._numbers)
        await self.clients.send(Ask(who=who, kind="read lists", route=f"GET /api/v1/{path}"))

    async def post_backlog(
        self, *, num_rows: int = BACKLOG_ROWS, is_probe: bool = False
    ) -> str | None:
        """Sends a backlog; returns its id, None where the service did not take it."""
        references = [next(self._fresh) for _ in range(num_rows)]
        rows = ({"id": f"row-{n}", "text": r.text} for n, r in enumerate(references))
        who = self.clients.one_of("batch", self._numbers)
        taken = await self.clients.send(
            Ask(
                who=who,
                kind="backlog probe" if is_probe else "backlog",
                route="POST /api/v1/backlogs",
                status=202,
                content="\n".join(map(json.dumps, rows)).encode(),
                headers={"Content-Type": _ROWS},
                is_probe=is_probe,
            )
        )
        if taken is None:
            return None
        self.backlogs[taken["backlog_id"]] = who, references
        return str(taken["backlog_id"])

    async def _probe(self) -> Any:
        row_id = f"row-{next(self._count)}"
        text = f"{next(self._fresh).text} {row_id}"
        return await self.clients.send(
            Ask(
                who=self.clients.one_of("batch", self._numbers),
                kind="predict probe",
                route="POST /api/v1/predict",
                body={"id": row_id, "text": text},
                check=lambda body: None if body["id"] == row_id else "id is another",
                is_probe=True,
            )
        )

    async def _predict(self, reference: Reference, kind: str, *, query: str = "") -> Any:
        row_id = f"row-{next(self._count)}"
        role = self._numbers.choice(["underwriter", "compliance", "batch"])
        return await self.clients.send(
            Ask(
                who=self.clients.one_of(role, self._numbers),
                kind=kind,
                route=f"POST /api/v1/predict{query}",
                body={"id": row_id, "text": reference.text},
                check=lambda body: self._judge.wrong(body, reference, row_id=row_id),
            )
        )

    async def _step(
        self,
        case: str,
        who: str,
        path: str,
        step: str,
        body: Any,
        *,
        status: int = 200,
        check: Check | None = None,
        kind: str | None = None,
        is_probe: bool = False,
    ) -> Any:
        return await self.clients.send(
            Ask(
                who=who,
                kind=kind or step.replace("_", " "),
                route=f"POST /api/v1/{path}",
                status=status,
                body=body,
                check=check,
                case_id=case,
                step=step,
                is_probe=is_probe,
            )
        )

    def _received(self, case: str, text: str | None = None) -> dict[str, Any]:
        chosen = text or self._numbers.choice(self._repeated).text
        # No further field: it would be appended to the text, and the answer be another.
        application = {"id": case, "text": chosen}
        return RECEIVE | {"case_id": case, "application": application}


def _is_refused(checked: dict[str, Any]) -> bool:
    """Tells whether a check fails that the release by a second person does not mend."""
    failed = {verdict["check_id"] for verdict in checked["verdicts"] if not verdict["passed"]}
    return bool(failed - {_SECOND_PERSON})
