"""How whoever takes part is written down, wherever they come in."""

from dataclasses import replace

from serving.cases.application_file import Applicant
from serving.notices.printable import composed


def in_composed_letters(applicant: Applicant) -> Applicant:
    """Returns somebody with name and address in composed letters, as letters are compared."""
    lines = tuple(map(composed, applicant.address_lines))
    return replace(applicant, name=composed(applicant.name), address_lines=lines)
