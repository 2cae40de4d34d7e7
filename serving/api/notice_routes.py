"""The HTTP routes on notices: drafted, looked at, checked, released, sent, made again."""

import hashlib
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response, status

from serving.api import notice_requests as rq
from serving.api.answer_headers import PAGE_POLICY
from serving.api.body import JsonRoute
from serving.api.case_access import READING, WRITING, at_desk
from serving.api.case_commands import draft_command
from serving.api.case_requests import EmptyRequest
from serving.api.decision_requests import CauseRequest
from serving.api.notice_answers import (
    CheckAnswer,
    CheckedNotice,
    NoticeAnswer,
    NoticesAnswer,
    notice_answer,
)
from serving.api.path_ids import NoticeId
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.cases.case import NoticeStep
from serving.cases.store import StoredCase
from serving.cases.store_errors import UnknownNoticeError
from serving.casework import drafting, letters, printing
from serving.casework.desk import Desk
from serving.casework.printing import Rendering
from serving.notices.case_file import parse_case
from serving.notices.checks.every_check import blocking

notice_router = APIRouter(
    prefix="/api/v1/notices", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["notices"]
)


class Format(StrEnum):
    """What a letter is printed as."""

    PDF = "pdf"
    HTML = "html"
    TEXT = "text"

    @property
    def rendering(self) -> Rendering:
        """The rendering of this name."""
        return Rendering[self.name]


FormatQuery = Annotated[Format, Query(alias="format", description="pdf, html or text.")]


@notice_router.post("", status_code=status.HTTP_201_CREATED, responses=WRITING)
async def draft(request: Request, body: rq.DraftRequestBody) -> NoticeAnswer:
    """Drafts what one recipient is owed, in prescribed words, from the decision in force.

    It holds this recipient's credit data and nobody else's.
    """
    stored, notice_id = await at_desk(
        request, drafting.draft, body.case_id, draft_command(body), by=actor_of(request)
    )
    return _answer(stored, notice_id)


@notice_router.post("/all", status_code=status.HTTP_201_CREATED, responses=WRITING)
async def draft_all(request: Request, body: rq.DraftAllBody) -> NoticesAnswer:
    """Drafts what everybody is owed who has no draft yet: one letter per recipient, all or none."""
    stored, notice_ids = await at_desk(
        request, drafting.draft_all, body.case_id, draft_command(body), by=actor_of(request)
    )
    return NoticesAnswer(notices=[_answer(stored, notice_id) for notice_id in notice_ids])


@notice_router.post("/check", responses=WRITING)
async def check_file(request: Request, body: Annotated[rq.NoticeFileBody, Body()]) -> CheckAnswer:
    """Checks a notice file that is not of this service, clause by clause; nothing is kept."""
    del body

    def judge(_: Desk, content: bytes) -> CheckAnswer:
        verdicts = letters.verdicts_of(parse_case(content, tells_unknown=False))
        return CheckAnswer(blocked=bool(blocking(verdicts)), verdicts=verdicts)

    return await at_desk(request, judge, await request.body())


@notice_router.get("/{notice_id}", responses=READING)
async def read_notice(request: Request, notice_id: NoticeId) -> NoticeAnswer:
    """Gives how far a notice is; the reading is recorded in the audit log."""

    def read(desk: Desk) -> StoredCase:
        stored = letters.case_of_notice(desk, notice_id)
        _note(desk, request, notice_id, "notice_state_read")
        return stored

    return _answer(await at_desk(request, read), notice_id)


@notice_router.get("/{notice_id}/file", response_class=Response, responses=READING)
async def read_file(request: Request, notice_id: NoticeId) -> Response:
    """Gives the notice and its decision record as `wherefore notice check` takes them."""

    def read(desk: Desk) -> str:
        found = printing.letter_json(letters.letter_file(desk, notice_id))
        _note(desk, request, notice_id, "notice_read")
        return found

    return Response(await at_desk(request, read), media_type="application/json")


@notice_router.get("/{notice_id}/preview", response_class=Response, responses=READING)
async def preview(
    request: Request, notice_id: NoticeId, kind: FormatQuery = Format.HTML
) -> Response:
    """Shows the letter as it looks now or, once it is released, as it was released."""

    def read(desk: Desk) -> bytes:
        found = printing.preview(desk, notice_id, kind.rendering)
        _note(desk, request, notice_id, "notice_read")
        return found

    return _letter(await at_desk(request, read), kind)


@notice_router.post("/{notice_id}/check", responses=WRITING)
async def check(request: Request, notice_id: NoticeId, body: rq.CheckRequest) -> CheckedNotice:
    """Checks a draft clause by clause; it is ready for release when only A1 is left.

    A1, the second person, fails until the release itself. A warning needs a written cause.
    """
    found = await at_desk(
        request,
        letters.check,
        notice_id,
        causes={given.check_id: given.cause for given in body.causes},
        by=actor_of(request),
    )
    preparing = found.stored.case.notice(notice_id)
    return CheckedNotice(
        notice_id=notice_id,
        step=preparing.step if preparing else NoticeStep.DRAFTED,
        blocked=bool(blocking(list(found.verdicts))),
        blocked_by=list(found.blocked_by),
        verdicts=list(found.verdicts),
    )


@notice_router.post("/{notice_id}/release", responses=WRITING)
async def release(request: Request, notice_id: NoticeId, body: EmptyRequest) -> NoticeAnswer:
    """Releases a checked notice: never by the person who decided or drafted it."""
    del body
    stored = await at_desk(request, letters.release, notice_id, by=actor_of(request))
    return _answer(stored, notice_id)


@notice_router.post("/{notice_id}/sent", responses=WRITING)
async def sent(request: Request, notice_id: NoticeId, body: rq.SentRequest) -> NoticeAnswer:
    """Records that a released notice was mailed, delivered or sent: only this stops the clock."""
    stored = await at_desk(
        request,
        letters.mark_sent,
        notice_id,
        channel=body.channel,
        by=actor_of(request),
        sent_at=body.sent_at,
        consent_id=body.consent_id,
    )
    return _answer(stored, notice_id)


@notice_router.post("/{notice_id}/discard", responses=WRITING)
async def discard(request: Request, notice_id: NoticeId, body: CauseRequest) -> dict[str, str]:
    """Gives up a notice that was not sent."""
    stored = await at_desk(
        request, letters.discard, notice_id, cause=body.cause, by=actor_of(request)
    )
    return {"notice_id": notice_id, "case_id": stored.case.case_id}


@notice_router.post("/{notice_id}/regenerate", response_class=Response, responses=WRITING)
async def regenerate(
    request: Request,
    notice_id: NoticeId,
    body: EmptyRequest,
    kind: FormatQuery = Format.PDF,
) -> Response:
    """Makes a released letter again from its record, equal byte for byte to what was released."""
    del body

    def make(desk: Desk) -> bytes:
        made = printing.regenerate(desk, notice_id, kind.rendering)
        _note(desk, request, notice_id, "notice_regenerated")
        return made

    return _letter(await at_desk(request, make), kind)


def _note(desk: Desk, request: Request, notice_id: str, action: str) -> None:
    desk.note_reading(action, by=actor_of(request), object_id=notice_id, object_kind="notice")


def _answer(stored: StoredCase, notice_id: str) -> NoticeAnswer:
    found = notice_answer(stored, notice_id)
    if found is None:
        raise UnknownNoticeError
    return found


def _letter(content: bytes, kind: Format) -> Response:
    return Response(
        content,
        media_type=kind.rendering.value,
        headers={
            "Content-Security-Policy": PAGE_POLICY,
            "X-Content-SHA256": hashlib.sha256(content).hexdigest(),
        },
    )
