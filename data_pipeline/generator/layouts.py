"""How the statements of a synthetic text are set on the page, one function per kind of paper."""

from collections.abc import Callable, Sequence
from itertools import groupby

from data_pipeline.generator.draws import chance
from data_pipeline.generator.grammar import Page
from data_pipeline.generator.phrases import Register, Statement, phrases

Say = Callable[[Statement], None]
"""Writes one statement, in whatever register the family takes for it."""

Layout = Callable[[Page, Sequence[Statement], Say], None]
"""Writes a whole text."""

_GROUPS = {
    "capacity": "Capacity", "proof": "Capacity", "job": "Employment", "lates": "Credit",
    "record": "Credit", "depth": "Credit", "inquiries": "Credit", "score": "Credit",
    "value": "Collateral", "repair": "Collateral", "mileage": "Collateral",
    "insurance": "Collateral", "funds": "Assets", "employment": "File", "residence": "File",
    "identity": "File", "references": "File", "papers": "File", "address": "Applicant",
    "stay": "Applicant", "deposit": "Applicant", "business": "Applicant", "term": "Structure",
    "interest_only": "Structure",
}  # fmt: skip


_DAY_FORMATS = ("%m/%d/%Y", "%B %d, %Y", "%Y-%m-%d", "%d %b %Y")


def _end_sentence(page: Page, *, mark: str = ".") -> None:
    if not page.last.endswith((".", "!", "?", ":")):
        page.write(mark)


def date_line(page: Page) -> None:
    """The day of the text, on a line of its own."""
    day = page.figures.today.strftime(page.pick(_DAY_FORMATS))
    page.expand("[Date|Dated|As of|Written|File date|Today][:| -|] ")
    page.write(f"{day}\n")


def _grouped(page: Page, statements: Sequence[Statement]) -> list[tuple[str, list[Statement]]]:
    """Returns the statements in groups of one subject matter; the groups in any order."""
    groups = {_GROUPS.get(s.subject, "") for s in statements}
    rank = {group: page.random.random() for group in sorted(groups)}
    ordered = sorted(statements, key=lambda s: rank[_GROUPS.get(s.subject, "")])
    return [
        (group, list(members))
        for group, members in groupby(ordered, key=lambda s: _GROUPS.get(s.subject, ""))
    ]


def _paragraph(page: Page, statements: Sequence[Statement], say: Say) -> None:
    for position, statement in enumerate(statements):
        if position:
            page.write(" ")
        say(statement)
        _end_sentence(page)


def _chunks(
    page: Page, statements: Sequence[Statement], sizes: Sequence[int]
) -> list[list[Statement]]:
    chunks: list[list[Statement]] = []
    at = 0
    while at < len(statements):
        size = page.random.choice(sizes)
        chunks.append(list(statements[at : at + size]))
        at += size
    return chunks


def memo(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A memorandum: title, then paragraphs by subject, with or without headings."""
    page.expand(page.pick(phrases(Register.PROSE)["opening"]))
    page.write("\n\n" if chance(page.random, 0.7) else "\n")
    has_heads = chance(page.random, 0.5)
    for group, members in _grouped(page, statements):
        if has_heads and group:
            page.write(f"{group}. ")
        _paragraph(page, members, say)
        page.write("\n\n" if chance(page.random, 0.7) else "\n")
    page.expand(page.pick(("{officer}", "[Prepared by|Reviewed by|UW] {officer}", "/{officer}")))


def email(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """An e-mail of a loan officer to underwriting, in paragraphs or bullets."""
    page.expand(
        "From: {officer}\n[To: UW queue|To: underwriting|To: credit desk]\n"
        "[Subject|Re|Subj]: {last} [- {loan_name}|/ {loan_usd}|file|]\n\n"
        "[Hi all,|Team,|Hello,|Good morning,|]\n"
    )
    if chance(page.random, 0.35):
        for statement in statements:
            page.write("\n- ")
            say(statement)
    else:
        for chunk in _chunks(page, statements, (2, 3, 4, 5)):
            _paragraph(page, chunk, say)
            page.write("\n\n")
    page.expand("\n[Thanks|Best|Let me know|Regards][,|.]\n{officer}")


def letter(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A letter of the applicant."""
    page.expand(page.pick(phrases(Register.SPOKEN)["opening"]))
    page.write("\n\n")
    for chunk in _chunks(page, statements, (2, 3, 4, 6)):
        _paragraph(page, chunk, say)
        page.write("\n\n" if chance(page.random, 0.6) else " ")
    page.expand("\n[Sincerely|Respectfully|Thank you|Yours truly],\n{name}")


def call(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A call between an officer and the applicant, written down."""
    officer = page.pick(("LO", "Officer", "Agent", "REP"))
    caller = page.pick(("Caller", "A", "Applicant", "CUST"))
    asks = phrases(Register.SPOKEN)
    page.expand("[(recording begins)\n|Call notes, verbatim\n|]")
    for chunk in _chunks(page, statements, (1, 2, 3, 4)):
        page.write(f"{officer}: ")
        page.expand(page.pick(asks.get(f"ask_{chunk[0].subject}", asks["ask"])))
        page.write(f"\n{caller}: ")
        _paragraph(page, chunk, say)
        page.write("\n")


def chat(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A chat with the applicant; some lines are the agent's."""
    minute = page.random.randint(480, 1000)
    asks = phrases(Register.SPOKEN)
    user = page.pick(("cust", "guest", "{first}", "user"))
    for chunk in _chunks(page, statements, (1, 1, 2, 3)):
        minute += page.random.randint(0, 3)
        stamp = f"{minute // 60:02d}:{minute % 60:02d} "
        if chance(page.random, 0.3):
            page.write(f"{stamp}agent: ")
            page.expand(page.pick(asks.get(f"ask_{chunk[0].subject}", asks["ask"])))
            page.write("\n")
        page.write(stamp)
        page.expand(user)
        page.write(": ")
        for position, statement in enumerate(chunk):
            page.write(" " if position else "")
            say(statement)
        page.write("\n")


def notes(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """Running notes: fragments set off by whatever the writer likes."""
    gap = page.pick((". ", "; ", "\n", " // ", " - ", ".\n"))
    for position, statement in enumerate(statements):
        if position:
            page.write("\n" if chance(page.random, 0.12) else gap)
        say(statement)
    page.expand("[ {officer}| /{officer}||]")


def checklist(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A processor's list, numbered or ticked."""
    style = page.pick(("- ", "* ", "( ) ", "(x) ", "#"))
    page.expand("[Checklist|Processing list|File review][ {last}|, {loan_name}|]\n")
    for position, statement in enumerate(statements, start=1):
        page.write(f"{position}. " if style == "#" else style)
        say(statement)
        page.write("\n")


def export(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """Fields as a system writes them out, one a line."""
    page.expand(page.pick(phrases(Register.FIELDS)["opening"]))
    for statement in statements:
        page.write("\n")
        say(statement)


def rules(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A rule engine's report: numbered rules with the fields they read."""
    page.expand("[RULE TRACE|POLICY RUN|ENGINE OUTPUT] [v3|v4.1|2.9] {filler_day}\n")
    number = page.random.randint(100, 140)
    for statement in statements:
        page.write(f"R{number} ")
        say(statement)
        page.write("\n")
        number += page.random.randint(1, 9)


def log(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A history with dates and initials, a few statements an entry."""
    initials = ["".join(page.random.sample("ABCDGJKLNPRTW", 2)) for _ in range(3)]
    chunks = _chunks(page, statements, (1, 2, 2, 3))
    days = sorted((page.random.randint(0, 30) for _ in chunks), reverse=True)
    for day, chunk in zip(days, chunks, strict=True):
        page.write(f"{page.figures.day(day)} {page.pick(initials)}: ")
        for position, statement in enumerate(chunk):
            page.write("; " if position else "")
            say(statement)
        page.write("\n")


def branch(page: Page, statements: Sequence[Statement], say: Say) -> None:
    """A branch's note to itself: one or two blocks of short sentences."""
    page.expand("[Branch note|Desk note|For the drawer], {town}[, {filler_day}|]. ")
    for chunk in _chunks(page, statements, (5, 7, 9)):
        _paragraph(page, chunk, say)
        page.write("\n")
