"""Income from a public assistance program."""

from data_pipeline.domain.prohibited_bases.word_rules import SECTION, WordGroup, WordRule

_ASSISTANCE = f"{SECTION}; comment 2(z)-3 (public assistance programs)"
_OF_OTHERS = ("child", "animal", "and", "&")
_OF_OFFICES = ("social", "county", "public", "of")
"""What stands before the welfare of others, and before the office for it."""
_NO_UNEMPLOYMENT_PAY = (
    r"(?!~(?:tax|rate|gap|period|spell|judg|ins(?:urance)?\.?~(?:tax|judg)|compensation~tax))"
)
_OF_OFFICES = ("social", "county", "public", "of")
"""What stands before the welfare of others, and before the office for it."""
_NO_UNEMPLOYMENT_PAY = (
    r"(?!~(?:tax|rate|gap|period|spell|judg|ins(?:urance)?\.?~(?:tax|judg)|compensation~tax))"
)
_NO_UNEMPLOYMENT_PAY = (
    r"(?!~(?:tax|rate|gap|period|spell|judg|ins(?:urance)?\.?~(?:tax|judg)|compensation~tax))"
)
_NO_EARNINGS = (
    r"(?![ ,/]{1,2}(?:and[ ])?EBITDA|~(?:margin|growth|before)"
    r"|(?:~(?:of|was|is))?\s?[:=]?\s?\$?(?:\d{2,3},\d{3}|\d{5,}|\d[\d.]*\s?(?:[kKmM]\b|million))"
    r"|~of\b(?!~\$?\d{2,4}(?![\d,])))"
)
"""EBT as earnings before tax: a share of a margin, a sum no benefit reaches."""

ASSISTANCE_WORDS = WordGroup(
    basis="income from a public assistance program",
    source=_ASSISTANCE,
    rules=(
        WordRule(
            heads="social",
            tail=r"~security(?!~(?:number|num|no|nbr|card|cards|administration|office|#)\b)"
            r"(?!\s?(?:#|:?\s?\d{3}-))(?:~(?:disability|retirement|survivors?))?"
            r"(?:~(?:insurance|income|benefits?|checks?|payments?|award))?",
            neutral="benefit income",
        ),
        WordRule(
            heads="supplemental",
            tail=r"~security~income",
            neutral="benefit income",
        ),
        WordRule(
            heads="soc social",
            tail=r"~sec\.?(?:~(?:disability|retirement|survivors?|income|benefits?|checks?"
            r"|payments?|award)){1,2}",
            neutral="benefit income",
        ),
        WordRule(
            heads="soc social socsec",
            tail=r"(?:(?<=socsec)|~sec\b\.?)"
            r"(?=\s?[:=+]?\s?(?:\$\s?\d|\d,\d{3}|\d{3,4}(?![\d-]|~\d)))",
            neutral="benefit income",
        ),
        WordRule(
            heads="s.s.i s.s.d.i",
            tail=r"\.?(?:~(?:income|benefits?|checks?|payments?))?",
            neutral="benefit income",
        ),
        WordRule(
            heads="ss",
            tail=r"~(?:(?:disability|retirement|survivors?)(?:~(?:income|benefits?|checks?"
            r"|payments?))?|income|benefits?|checks?|payments?)",
            neutral="benefit income",
        ),
        WordRule(
            heads="supplemental",
            tail=r"~nutrition~assistance(?:~program)?(?:~benefits?)?",
            neutral="benefit",
        ),
        WordRule(
            heads="medicaid",
            tail=r"(?!~(?:provider|billing|reimburse|revenue|receivable|contract|claims|payer"
            r"|planning|office|waiver|mco|rate|crossover)\w*|\s?\d{1,3}\s?(?:%|pct|per\b))"
            r"(?:~benefits?)?",
            neutral="benefit",
        ),
        WordRule(
            heads="ssi ssdi tanf afdc ssa wic",
            tail=r"(?!-?\d|~(?:office|rec|ecbsv|match|verif|form|check)|~?=)(?:~(?:disability|retirement|income|benefits?|checks?|"
            r"payments?|award))?",
            neutral="benefit income",
        ),
        WordRule(
            heads="ss",
            tail=r"(?!\s?[:#]?\s?\d{3}-)(?=\s{0,8}[:=+]?\s{0,8}\$?\s?\d)",
            neutral="benefit income",
            cased=True,
        ),
        WordRule(
            heads="temporary",
            tail=r"~a(?:id|ssistance)~(?:to|for)~needy~families",
            neutral="benefit income",
        ),
        WordRule(
            heads="food",
            tail=r"~(?:stamps?|assistance)(?:~(?:benefits?|program))?",
            neutral="benefit",
        ),
        WordRule(heads="snap", tail=r"~(?:benefits?|food|card)", neutral="benefit"),
        WordRule(heads="foodstamps liheap", neutral="benefit"),
        WordRule(
            heads="snap",
            tail=r"(?!['-]?\w)(?:\s(?:benefits?|card))?",
            neutral="benefit",
            cased=True,
        ),
        WordRule(
            heads="ebt",
            tail=rf"(?<!EBITDA.EBT)(?<!EBITDA,.EBT)(?<!EBITDA.and.EBT)(?!['-]?\w){_NO_EARNINGS}"
            r"(?:\s(?:benefits?|card))?",
            neutral="benefit",
            cased=True,
        ),
        WordRule(
            heads="section",
            tail=r"~8(?!~(?:of|above|below|and)\b|[.,:)(]?\d|\))"
            r"(?:~housing)?(?:~(?:vouchers?|assistance|subsidy))?",
            neutral="benefit",
        ),
        WordRule(heads="housing", tail=r"~(?:choice~)?(?:vouchers?|assistance)", neutral="benefit"),
        WordRule(heads="hud", tail=r"~(?:vouchers?|assistance)", neutral="benefit"),
        WordRule(
            heads="rent rental mortgage",
            tail=r"~(?:assistance|supplement)~program",
            neutral="benefit",
        ),
        WordRule(
            heads="public government",
            tail=r"~benefits?(?:~(?:income|program|checks?|payments?))?",
            neutral="benefit income",
        ),
        WordRule(
            heads="public government general cash",
            tail=r"~assistance(?!~from~(?:(?:the|an?|his|her|their|my)~)?(?:seller|builder"
            r"|dealer|parent|family|lender|employer|friend|mother|father|relative))"
            r"(?:~(?:income|benefits?|program))?",
            neutral="benefit income",
        ),
        WordRule(
            heads="welfare",
            tail="".join(f"(?<!{word}.welfare)" for word in _OF_OTHERS)
            + r"~(?:income|benefits?|checks?|payments?)",
            neutral="benefit income",
        ),
        WordRule(
            heads="welfare",
            tail="".join(f"(?<!{word}.welfare)" for word in (*_OF_OTHERS, *_OF_OFFICES))
            + r"(?!~(?:fund|plan|liens?|dep(?:artmen)?t|office|agency|board|case|worker|society"
            r"|shelter|league))",
            neutral="benefit income",
        ),
        WordRule(
            heads="unemployment",
            tail=rf"{_NO_UNEMPLOYMENT_PAY}(?:~(?:insurance|ins))?"
            r"~(?:compensation|comp|benefits?|income|checks?|payments?|insurance|ins)",
            neutral="benefit income",
        ),
        WordRule(
            heads="unemployment",
            tail=r"(?=\s?[:=+]?\s{0,4}(?:~(?:of|at|is|pays?|paid|was)~)?(?:\$\s?\d"
            r"|\d{1,3},\d{3}|\d{3,4}(?:\s?/|~(?:an?|per|wk|weekly|monthly)\b)))",
            neutral="benefit income",
        ),
        WordRule(
            heads="unemployment",
            tail=r"(?=(?:['’]?s)?~(?:she|he|they|i|runs?|ran|ends|ended|expires?|expired|pays"
            r"|exhausted|deposits?|included|excluded|on~both)\b)",
            neutral="benefit income",
        ),
        WordRule(
            heads="on draw draws drawing drew drawn collect collects collecting collected "
            "receive receives receiving received get gets getting got plus",
            tail=rf"~(?:the~|his~|her~|state~|\w{{2}}~|weekly~|some~|a~week~of~)?"
            rf"(?P<x>unemployment){_NO_UNEMPLOYMENT_PAY}",
            neutral="benefit income",
        ),
        WordRule(
            heads="income living lives lived",
            tail=rf"(?:~(?:is|was|comes))?~(?:from|off|of)~(?P<x>unemployment)"
            rf"{_NO_UNEMPLOYMENT_PAY}",
            neutral="benefit income",
        ),
        WordRule(
            heads="va",
            tail=r"~(?:disability|compensation|pension|benefits?)"
            r"(?:~(?:comp(?:ensation)?|benefits?|income|pay))?",
            neutral="benefit income",
        ),
    ),
)
