"""Words at which a rule for names looks further, so that it need not look at every word."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VIETNAMESE = _words(
    "nguyen tran le ly pham huynh hoang phan vu vo dang bui do ho ngo duong đang đo"
)
"""Frequent family names of Vietnam, where the family's name stands first."""

ABBREVIATIONS = _words("wm chas geo jas thos jos robt edw benj")
"""Given names cut short, before a full stop."""

TRUSTS = _words("revocable irrevocable testamentary living")
"""Kinds of trust that persons have and companies do not."""

SUFFIXES = _words("ii iii iv jr sr")
"""What ends a name of a son."""

CAST = _words("officer agent rep processor underwriter caller clerk manager borrower closer")
"""Roles in a conversation; who has it may follow in brackets."""

PAID = _words("zelle venmo app paypal xfer transfer payment pmt wire gift")
"""A payment, to or from somebody."""

MISSING = _words("absent excused recused guest guests abstained abstaining")
"""One name may follow, after a colon."""

SPOUSES = _words("sp sps spouse cob jt")
"""The other borrower, before a colon."""

HOLDERS = _words("lo mlo officer processor underwriter appraiser borrower applicant closer")
"""Roles of which a text says who was it."""

_PARTIES = _words("borrower applicant customer client member guarantor owner debtor obligor tenant")
PARTIES = frozenset(
    f"{prefix}{party}{plural}"
    for prefix in ("", "co", "co-")
    for party in _PARTIES
    for plural in ("", "s")
)
"""Heads of columns of persons."""

HEADS = (
    VIETNAMESE | ABBREVIATIONS | TRUSTS | SUFFIXES | CAST | PAID | MISSING | SPOUSES | HOLDERS
    | PARTIES | _words("nm nme nms surname")
)  # fmt: skip
