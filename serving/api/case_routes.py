"""The HTTP routes on cases. Thin: each reads a request, gives a command and names the answer."""

from fastapi import APIRouter, Request, Response, status

from serving.api import case_requests as rq
from serving.api.answer_headers import PAGE_POLICY
from serving.api.body import JsonRoute
from serving.api.case_access import READING, WRITING, at_desk, at_desk_with_engine, desk_of
from serving.api.case_answers import (
    CaseAnswer,
    CaseWithFile,
    PurgedAnswer,
    SummaryAnswer,
    case_answer,
    case_with_file,
)
from serving.api.case_commands import (
    consents,
    information,
    receive_command,
    revise_command,
)
from serving.api.information_requests import ConsentsRequest, InformationRequest
from serving.api.path_ids import CaseId
from serving.api.revision_requests import ReviseRequest
from serving.api.security import KEY_DOCUMENTED, actor_of
from serving.cases.case import Stage
from serving.cases.store import StoredCase
from serving.casework import assessing, intake, keeping, reading, revising, telling
from serving.casework.desk import Desk
from serving.casework.facts import case_facts, consents_of, information_used
from serving.casework.revisions import revisions_of
from serving.notices.notice import Term
from serving.recommendations.advice import Recommendations, advice_page, render_page_html

case_router = APIRouter(
    prefix="/api/v1", route_class=JsonRoute, dependencies=[KEY_DOCUMENTED], tags=["cases"]
)


def _answer(request: Request, stored: StoredCase) -> CaseAnswer:
    return case_answer(stored, now=desk_of(request).now())


@case_router.post("/applications", status_code=status.HTTP_201_CREATED, responses=WRITING)
async def receive(request: Request, body: rq.ReceiveRequest) -> CaseAnswer:
    """Opens a case: an application came in. Its clocks run from `received_at`."""
    stored = await at_desk(request, intake.receive, receive_command(body), by=actor_of(request))
    return _answer(request, stored)


@case_router.get("/applications/{case_id}", responses=READING)
async def read_case(request: Request, case_id: CaseId) -> CaseWithFile:
    """Gives where a case stands, with every clock and event, and what came in.

    The reading is recorded in the audit log.
    """

    def read(desk: Desk) -> CaseWithFile:
        stored, file = desk.load(case_id), desk.storage.cases.file(case_id)
        desk.note_reading("case_read", by=actor_of(request), object_id=case_id)
        return case_with_file(
            stored,
            file,
            facts=case_facts(file),
            information=information_used(file),
            consents=consents_of(file),
            revisions=revisions_of(file),
            now=desk.now(),
        )

    return await at_desk(request, read)


@case_router.post("/applications/{case_id}/file", responses=WRITING)
async def revise_file(request: Request, case_id: CaseId, body: ReviseRequest) -> CaseAnswer:
    """Corrects or supplements what came in, with a written cause; what stood there is kept.

    Names and addresses may change at any time, everything else before a decision. Another
    application has to be assessed anew. Drafts that rest on what changed are discarded; a letter
    that is released already has to be sent or discarded first.
    """
    stored = await at_desk(
        request, revising.revise, case_id, revise_command(body), by=actor_of(request)
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/complete", responses=WRITING)
async def complete(request: Request, case_id: CaseId, body: rq.CompleteRequest) -> CaseAnswer:
    """Records that the last piece of information was obtained: 30 days run from then."""
    stored = await at_desk(
        request, intake.complete, case_id, by=actor_of(request), completed_at=body.completed_at
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/information", responses=WRITING)
async def add_information(
    request: Request, case_id: CaseId, body: InformationRequest
) -> CaseAnswer:
    """Puts on file which reports, scores and other information were obtained, before deciding."""
    stored = await at_desk(
        request, intake.add_information, case_id, information(body), by=actor_of(request)
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/consents", responses=WRITING)
async def add_consents(request: Request, case_id: CaseId, body: ConsentsRequest) -> CaseAnswer:
    """Puts on file which consents to electronic records hold."""
    stored = await at_desk(
        request, intake.add_consents, case_id, consents(body.consents), by=actor_of(request)
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/assess", responses=WRITING)
async def assess(request: Request, case_id: CaseId, body: rq.AssessRequest) -> CaseAnswer:
    """Has the model read the application, or notes that a person does without it."""
    if body.by_hand:
        stored = await at_desk(request, assessing.assess_by_hand, case_id, by=actor_of(request))
    else:
        stored = await at_desk_with_engine(request, assessing.assess, case_id, by=actor_of(request))
    return _answer(request, stored)


@case_router.get("/applications/{case_id}/summary", responses=READING)
async def summary(request: Request, case_id: CaseId) -> SummaryAnswer:
    """Gives the risk in fixed sentences, from facts and evidence, for the creditor's people."""
    found = await at_desk(request, reading.risk_summary, case_id, by=actor_of(request))
    return SummaryAnswer(facts=list(found.facts), sentences=list(found.sentences))


@case_router.get("/applications/{case_id}/recommendations", responses=READING)
async def recommendations(request: Request, case_id: CaseId) -> Recommendations:
    """Gives what the applicant may do about the reasons; it is never part of a notice."""
    return await at_desk(request, reading.recommendations, case_id, by=actor_of(request))


@case_router.get(
    "/applications/{case_id}/recommendations/page", response_class=Response, responses=READING
)
async def recommendations_page(request: Request, case_id: CaseId) -> Response:
    """Gives the same as a page to print, apart from the notice."""
    found = await at_desk(request, reading.recommendations, case_id, by=actor_of(request))
    return Response(
        render_page_html(advice_page(found)),
        media_type="text/html",
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


@case_router.post("/applications/{case_id}/assign", responses=WRITING)
async def assign(request: Request, case_id: CaseId, body: rq.AssignRequest) -> CaseAnswer:
    """Hands the case to a person, or to nobody."""

    def hand_over(desk: Desk) -> StoredCase:
        # Loaded before: who gives a case away may not see it any more.
        stored = desk.load(case_id)
        intake.assign(desk, case_id, body.person_id, by=actor_of(request))
        return stored

    return _answer(request, await at_desk(request, hand_over))


@case_router.post("/applications/{case_id}/reasons-requested", responses=WRITING)
async def reasons_requested(
    request: Request, case_id: CaseId, body: rq.ReasonsRequest
) -> CaseAnswer:
    """Records that an applicant asked for the reasons: 30 days to answer, if asked within 60."""
    stored = await at_desk(
        request,
        keeping.request_reasons,
        case_id,
        by=actor_of(request),
        consumer_id=body.consumer_id,
        requested_at=body.at,
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/retention-requested", responses=WRITING)
async def retention_requested(
    request: Request, case_id: CaseId, body: rq.MomentRequest
) -> CaseAnswer:
    """Records that a large business asked that its record be kept."""
    stored = await at_desk(
        request, keeping.request_retention, case_id, by=actor_of(request), requested_at=body.at
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/counteroffer-answer", responses=WRITING)
async def counteroffer_answer(
    request: Request, case_id: CaseId, body: rq.CounterofferAnswer
) -> CaseAnswer:
    """Records that the applicant accepted or declined what was offered."""
    stored = await at_desk(
        request,
        keeping.answer_counteroffer,
        case_id,
        accepted=body.accepted,
        by=actor_of(request),
        answered_at=body.at,
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/approval-told", responses=WRITING)
async def approval_told(request: Request, case_id: CaseId, body: rq.ApprovalRequest) -> CaseAnswer:
    """Records that an approval was told, by somebody who did not decide it."""
    stored = await at_desk(
        request,
        telling.tell_approval,
        case_id,
        channel=body.channel,
        by=actor_of(request),
        told_at=body.told_at,
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/counteroffer-told", responses=WRITING)
async def counteroffer_told(request: Request, case_id: CaseId, body: rq.OfferRequest) -> CaseAnswer:
    """Records that other terms were offered without the reasons, by somebody who did not decide it.

    If the offer is not accepted, the denial with its reasons is due 90 days later. Form C-4 offers
    and states the reasons in one letter instead (`/notices`), after which nothing more is owed.
    """
    stored = await at_desk(
        request,
        telling.tell_offer,
        case_id,
        terms=tuple(Term(label=term.label, value=term.value) for term in body.terms),
        channel=body.channel,
        by=actor_of(request),
        told_at=body.told_at,
    )
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/holds", responses=WRITING)
async def place_hold(request: Request, case_id: CaseId, body: rq.HoldRequest) -> CaseAnswer:
    """Puts a legal hold on the case: nothing is purged until it is lifted."""
    stored = await at_desk(request, keeping.place_hold, case_id, body.hold_id, by=actor_of(request))
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/holds/lift", responses=WRITING)
async def lift_hold(request: Request, case_id: CaseId, body: rq.HoldRequest) -> CaseAnswer:
    """Lifts a legal hold whose matter has ended."""
    stored = await at_desk(request, keeping.lift_hold, case_id, body.hold_id, by=actor_of(request))
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/retain", responses=WRITING)
async def retain(request: Request, case_id: CaseId, body: rq.EmptyRequest) -> CaseAnswer:
    """Records that nothing more is owed: the record is only kept."""
    del body
    stored = await at_desk(request, keeping.retain, case_id, by=actor_of(request))
    return _answer(request, stored)


@case_router.post("/applications/{case_id}/purge", responses=WRITING)
async def purge(request: Request, case_id: CaseId, body: rq.EmptyRequest) -> PurgedAnswer:
    """Destroys the record of a case whose time of keeping is over; ids and digests remain."""
    del body
    await at_desk(request, keeping.purge, case_id, by=actor_of(request))
    return PurgedAnswer(case_id=case_id, stage=Stage.PURGED)
