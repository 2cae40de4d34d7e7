"""What a notice prints, in order: one model that text, HTML and PDF are made from."""

from serving.notices.blocks import Block, Document, fields, heading, items, paragraph
from serving.notices.checks.content import digits_of
from serving.notices.checks.credit_report import TOLL_FREE_CODES
from serving.notices.errors import LanguageError, RenderError
from serving.notices.forms import FORMS, NoticeForm
from serving.notices.letters import capitalised, letter, missing, reason_lines
from serving.notices.notice import AdverseActionNotice, ConsumerReportingAgency, Language
from serving.notices.wording import day, wording


def make_document(notice: AdverseActionNotice) -> Document:
    """Returns what a notice prints.

    Raises:
        LanguageError: the language has no approved texts.
        RenderError: a part that the form prints is missing.
    """
    if notice.language is not Language.ENGLISH:
        raise LanguageError(
            f"language {notice.language.value!r} has no approved texts: issue the notice in 'en', "
            "or have the texts approved first (12 CFR 1002.4(e))"
        )
    if not notice.creditors:
        raise RenderError(
            "creditors is empty: expected the name and address of the creditor "
            "(12 CFR 1002.9(a)(2)); add it"
        )
    opening = _statement(notice) if notice.form is NoticeForm.C1 else letter(notice)
    blocks = (
        *opening,
        *_report(notice),
        *_score(notice),
        *_outside(notice),
        *_questions(notice),
        *_ecoa(notice),
    )
    return Document(
        title=FORMS[notice.form].title, language=notice.language.value, blocks=tuple(blocks)
    )


def _statement(notice: AdverseActionNotice) -> list[Block]:
    recipient = notice.recipient
    opening = [
        fields(
            ("Date:", day(notice.dated_on)),
            ("Reference:", notice.notice_id),
            ("Applicant's Name:", recipient.name),
            ("Applicant's Address:", ", ".join(recipient.address_lines)),
            (
                "Description of Account, Transaction, or Requested Credit:",
                capitalised(notice.transaction.description),
            ),
            ("Description of Action Taken:", notice.action.description),
        ),
        heading(wording("part_one")),
        items(reason_lines(notice)),
    ]
    if notice.report_block or notice.outside_information:
        opening.append(heading(wording("part_two")))
    return opening


def _agency_rows(agency: ConsumerReportingAgency) -> Block:
    toll_free = digits_of(agency.telephone)[:3] in TOLL_FREE_CODES
    label = "Toll-free telephone number:" if toll_free else "Telephone number:"
    return fields(
        ("Name:", agency.name),
        ("Address:", ", ".join(agency.address_lines)),
        (label, agency.telephone),
    )


def _report(notice: AdverseActionNotice) -> list[Block]:
    block = notice.report_block
    if block is None:
        return []
    opening = [] if notice.form is NoticeForm.C1 else [heading(_REPORT_HEADING)]
    return [*opening, paragraph(*block.sentences), *map(_agency_rows, block.agencies)]


_REPORT_HEADING = "Your Right to Get Your Consumer Report"
_SCORE_HEADING = "Information about Your Credit Score"


def _score(notice: AdverseActionNotice) -> list[Block]:
    block = notice.score_block
    if block is None:
        return []
    if block.created_on is None:
        raise missing("score_block.created_on", "15 USC 1681g(f)(1)(D)")
    return [
        heading(_SCORE_HEADING),
        paragraph(*block.sentences),
        fields(
            ("Your credit score:", str(block.score)),
            ("Date:", day(block.created_on)),
            ("Credit score provided by:", block.provided_by),
        ),
        paragraph(wording("score_range", low=str(block.range_low), high=str(block.range_high))),
        paragraph(wording("score_key_factors")),
        items(block.key_factors),
    ]


def _outside(notice: AdverseActionNotice) -> list[Block]:
    text = notice.outside_information
    return [] if text is None else [paragraph(text)]


def _questions(notice: AdverseActionNotice) -> list[Block]:
    if notice.form is not NoticeForm.C1:
        return []
    rows = [
        fields(
            ("Creditor's name:", creditor.name),
            ("Creditor's address:", ", ".join(creditor.address_lines)),
            *([("Creditor's telephone number:", creditor.telephone)] if creditor.telephone else []),
        )
        for creditor in notice.creditors
    ]
    return [paragraph(wording("questions")), *rows]


def _ecoa(notice: AdverseActionNotice) -> list[Block]:
    if notice.ecoa_notice is None:
        return []
    prefix = "" if notice.form is NoticeForm.C4 else "Notice: "
    return [paragraph(f"{prefix}{notice.ecoa_notice}")]
