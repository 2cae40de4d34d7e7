"""Words that state a prohibited basis, and the neutral words that stand in for them.

The bases are those of 12 CFR 1002.2(z): race, color, religion, national origin, sex, marital
status, age, income from a public assistance program, and the good faith exercise of a right under
the Consumer Credit Protection Act. The table is data: one `WordGroup` per basis and kind of
word, each naming where its words come from.

How a rule is written: `heads` are whole words, separated by spaces, any of which starts the
match; `tail` is a regular expression for what follows, in which `~` stands for the gap between two
words. Matching ignores case unless `cased` is set. Where the tail holds a group named `x`, only
that group is replaced and the rest is context. A replacement is never empty, so no income or other
lending fact disappears with the word, and no replacement starts a rule of this table.

Words that also name things (black, white, Indian, single, age) count only beside a word for a
person or on a demographic line such as "Sex: F". Such a line ends at the first word that is no
value of it: what stands behind is a fact of the loan.
"""

from dataclasses import dataclass

from data_pipeline.domain.demographic_words import COUNTRY, ORIGIN, RACE, RELIGION, SEX, values


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRule:
    """One pattern and its neutral wording.

    Attributes:
        heads: whole words, lower case, separated by spaces, that start a match.
        tail: regular expression for what follows the head; empty for the bare word.
        neutral: the wording put in place; a single word takes over capitals of what it replaces.
        cased: whether case must agree; heads are then matched in upper case.
    """

    heads: str
    tail: str = ""
    neutral: str
    cased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordGroup:
    """Rules for one basis.

    Attributes:
        basis: the prohibited basis as 12 CFR 1002.2(z) names it.
        source: where the words of the group come from.
        rules: tried in order; the first that matches at a word wins.
    """

    basis: str
    source: str
    rules: tuple[WordRule, ...]


_Z = "12 CFR 1002.2(z)"
_ASSISTANCE = f"{_Z}; comment 2(z)-3 (public assistance programs)"
_RACE = f"{_Z}; 12 CFR 1003, Appendix B (race and ethnicity categories); OMB SPD 15"
_SEX = f"{_Z}; 12 CFR 1003, Appendix B (sex); everyday words chosen for this project"
_MARITAL = f"{_Z}; 12 CFR 1002.5(d)(1) (married, unmarried, separated); everyday words"
_AGE = f"{_Z}; age statements as they occur in application texts"
_FAMILY = "12 CFR 1002.6(b)(3) (childbearing); everyday words"
_RIGHTS = f"{_Z}; titles of the Consumer Credit Protection Act"
_DEMOGRAPHIC_LINE = "12 CFR 1003, Appendix B, and 12 CFR 1002.13 (labels of monitoring information)"

PERSON = (
    r"(?:m[ae]n|wom[ae]n|fe?males?|males?|applicants?|co-?applicants?|borrowers?|co-?borrowers?|"
    r"persons?|people|couples?|famil(?:y|ies)|households?|immigrants?|nationals?|lad(?:y|ies)|"
    r"gentlem[ae]n|guys?|girls?|boys?|customers?|mothers?|fathers?|members?|mbr|"
    r"citizens?|congregants?|believers?|veterans?|vet|retirees?|widow(?:er)?s?|clients?|"
    r"homeowners?|employees?|workers?|firefighter|nurse|teacher|driver|student|welder|farmer)"
)
_NUMBER_WORDS = (
    r"(?:eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
ADULT_AGE = rf"(?:1[89]|[2-9]\d|10\d|{_NUMBER_WORDS})"
_YEARS_OLD = r"(?:[\s-]{1,2}(?:years?|yrs?|yr)\.?[\s-]{1,2}(?:old|of[\s-]age)|\s?y/?o\b)"
_AGE_END = (
    r"(?!\w)(?![%\d]|[.,:/-]\d|\s{0,4}(?:%|percent|thousand|hundred|days?|months?|mos?\b|"
    r"payments?|pmts?|dollars|k\b|late|past|points?|miles|hours|hrs|minutes|weeks|of\b|on\b|to\b|"
    r"years?\b(?!\sold)|yrs?\b(?!\sold)|in\sthe\shole|then|or\b))"
)
_AGE_STOP = r"(?=\s*(?:[.;!?)]|,\s*(?!then|\d)|$)|\s(?:and|with|when|now)\b)"
_AGED_THINGS = (
    *("account", "acct", "average", "avg", "vehicle", "trade", "tradeline", "home", "file"),
    *("roof", "loan", "unit", "credit", "oldest", "effective", "property", "building", "house"),
    *("mean", "median", "debt", "inventory", "equipment"),
)
_WHO = "he she i they we applicant applicants borrower borrowers coborrower coapplicant customer"
_IS = r"(?:['’]?(?:s|m|re)|~(?:is|am|are|was|were))~(?:an?~)?"
_LISTED = r"(?:[a-z\d-]{1,16}(?:,~(?:and~)?|~and~)){0,2}"
"""What else such a sentence lists before: "is retired, 71 and"."""
_STATEMENT_END = (
    r"(?=\s*(?:[.,;:!?)\]/\"]|$)|~(?:and|or|but|with|who|by|from|in|at|on|has|speak\w*)\b"
    rf"|~{PERSON}\b)(?!~and~(?:decker|\[name))"
)
_AGE_YEARS = r"(?:~(?:years?|yrs?)\b\.?(?:~old\b)?)?"
_AGE_ONLY = r"(?!\w|[%\d]|[.,/-]\d|\s{0,4}(?:\+|%|days?|months?|mos?\b|years?|yrs?|y\b|k\b))"
_OF_OTHERS = ("child", "animal", "and", "&")
_OF_OFFICES = ("social", "county", "public", "of")
"""What stands before the welfare of others, and before the office for it."""
_NO_UNEMPLOYMENT_PAY = (
    r"(?!~(?:tax|rate|gap|period|spell|judg|ins(?:urance)?\.?~(?:tax|judg)|compensation~tax))"
)
_NO_EARNINGS = (
    r"(?![ ,/]{1,2}(?:and[ ])?EBITDA|~(?:margin|growth|before)"
    r"|(?:~(?:of|was|is))?\s?[:=]?\s?\$?(?:\d{2,3},\d{3}|\d{5,}|\d[\d.]*\s?(?:[kKmM]\b|million))"
    r"|~of\b(?!~\$?\d{2,4}(?![\d,])))"
)
"""EBT as earnings before tax: a share of a margin, a sum no benefit reaches."""
_STATUS = r"(?:married|unmarried|single|separated|divorced|widowed)"
_SIGN = r"\s?(?:[:=(]|-(?=\s))\s?"
_NO_VALUE = r"(?:unknown|unverified|verified|pending|missing|incomplete|see|none|not)\b"
_LONE = rf"(?!{_NO_VALUE})[a-z]{{3,15}}(?=[ ]{{0,3}}(?:[;|\n]|$))"
"""An unlisted word that fills the rest of its field: nothing is lost with it."""
_RACE_VALUE = values(rf"(?:{RACE}|{ORIGIN}|mixed|other|[wbaih])(?!\w)")
_ORIGIN_VALUE = rf"(?:{values(rf'(?:{ORIGIN}|{COUNTRY}|{RACE})(?![a-z])')}|{_LONE})"

GROUPS: tuple[WordGroup, ...] = (
    WordGroup(
        basis="demographic line",
        source=_DEMOGRAPHIC_LINE,
        rules=(
            WordRule(
                heads="sex gender",
                tail=rf"{_SIGN}(?P<x>{values(rf'{SEX}(?![a-z])')})",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="race ethnicity",
                tail=rf"(?:\s?/\s?(?:ethnicity|colou?r|origin))?{_SIGN}(?P<x>{_RACE_VALUE})",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="skin applicant borrower applicant's borrower's",
                tail=rf"~colou?r{_SIGN}(?P<x>{RACE})",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="religion",
                tail=rf"{_SIGN}(?P<x>{values(rf'{RELIGION}(?![a-z])')}|{_LONE})",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="nationality national",
                tail=rf"(?:(?<=nationality)|~origin){_SIGN}(?P<x>{_ORIGIN_VALUE})",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="marital mar",
                tail=rf"\.?(?:~stat(?:us)?)?\s?[:=]\s?(?P<x>(?:{_STATUS}|[msdw]))(?!\w)",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="marital",
                tail=rf"~stat(?:us)?\.?(?:~is)?[ ](?P<x>(?:{_STATUS}|[msdw]))(?![\w'’&/])",
                neutral="a personal characteristic",
            ),
            WordRule(
                heads="status",
                tail=r"\s?[:=]\s?(?P<x>single|married|unmarried|divorced|widowed)"
                r"(?=\s?(?:[.,;|)/\n]|$)|~(?:and|with|no)\b|~\w{1,12}:)",
                neutral="a personal characteristic",
            ),
        ),
    ),
    WordGroup(
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
            WordRule(
                heads="housing", tail=r"~(?:choice~)?(?:vouchers?|assistance)", neutral="benefit"
            ),
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
    ),
    WordGroup(
        basis="race and color",
        source=_RACE,
        rules=(
            WordRule(
                heads="black white brown asian indian native",
                tail=rf"(?=~{PERSON}\b)",
                neutral="particular",
            ),
            WordRule(
                heads=_WHO,
                tail=rf"{_IS}{_LISTED}(?P<x>{RACE}){_STATEMENT_END}",
                neutral="particular",
            ),
            WordRule(
                heads="native",
                tail=r"~(?:american|hawaiian)s?(?!~(?:corp|corporation|bank|"
                r"credit|home))",
                neutral="particular",
            ),
            WordRule(heads="american", tail=r"~indians?", neutral="particular"),
            WordRule(heads="alaska", tail=r"~natives?(?!~corp)", neutral="particular"),
            WordRule(heads="pacific", tail=r"~islanders?", neutral="particular"),
            WordRule(heads="african asian", tail=r"~americans?", neutral="particular"),
            WordRule(heads="guamanian chamorro samoan caucasian caucasians", neutral="particular"),
            WordRule(
                heads="race skin", tail=r"~(?:or|and)~color", neutral="personal characteristic"
            ),
        ),
    ),
    WordGroup(
        basis="national origin",
        source=f"{_RACE}; comment 2(z)-2; nationalities chosen for this project",
        rules=(
            WordRule(
                heads="hispanic latino latina latinos latinas latinx hispanics",
                tail=r"(?!~(?:chamber|federal|credit|bank|business))(?:~or~latin[oa])?",
                neutral="particular",
            ),
            WordRule(
                heads="mexican cuban chinese filipino japanese korean vietnamese nigerian "
                "african arab arabic haitian jamaican dominican salvadoran guatemalan honduran "
                "colombian venezuelan brazilian peruvian ecuadorian pakistani bangladeshi iranian "
                "iraqi syrian lebanese egyptian ethiopian somali kenyan ghanaian polish russian "
                "ukrainian german irish italian greek turkish french spanish "
                "laotian hmong cambodian thai burmese nepali afghan sudanese congolese rican",
                tail=rf"(?:(?=~{PERSON}\b)|(?=~speaking\b))",
                neutral="particular",
            ),
            WordRule(
                heads=_WHO,
                tail=rf"{_IS}{_LISTED}(?P<x>{ORIGIN}){_STATEMENT_END}",
                neutral="particular",
            ),
            WordRule(heads="mexican puerto", tail=r"~(?:americans?|ricans?)", neutral="particular"),
            WordRule(heads="immigrant immigrants foreigner foreigners", neutral="person"),
            WordRule(heads="immigrated emigrated", neutral="moved"),
            WordRule(heads="national", tail=r"~origin", neutral="personal characteristic"),
        ),
    ),
    WordGroup(
        basis="religion",
        source=f"{_Z}; names of religions chosen for this project",
        rules=(
            WordRule(
                heads="muslim jewish catholic protestant mormon hindu buddhist sikh baptist "
                "methodist lutheran christian amish mennonite pentecostal evangelical orthodox",
                tail=rf"(?=~{PERSON}\b)",
                neutral="particular",
            ),
            WordRule(
                heads=_WHO,
                tail=rf"{_IS}{_LISTED}(?:devout~|practicing~)?(?P<x>{RELIGION}){_STATEMENT_END}",
                neutral="particular",
            ),
            WordRule(
                heads="is was am are",
                tail=r"~(?:an?~)?(?:devout~|practicing~)?(?P<x>muslim|jewish|jew|hindu|buddhist|"
                r"sikh|mormon)",
                neutral="particular",
            ),
            WordRule(heads="religion religions", neutral="personal characteristic"),
            WordRule(
                heads="religious",
                tail=r"~(?:beliefs?|practices?|affiliation)",
                neutral="personal characteristic",
            ),
        ),
    ),
    WordGroup(
        basis="sex",
        source=_SEX,
        rules=(
            WordRule(heads="he", neutral="they"),
            WordRule(heads="she", neutral="they"),
            WordRule(heads="him", neutral="them"),
            WordRule(heads="his", neutral="their"),
            WordRule(heads="hers", neutral="theirs"),
            WordRule(heads="himself herself", neutral="themselves"),
            WordRule(
                heads="her",
                tail=r"(?=\s{1,3}(?!(?:to|in|on|at|for|and|but|that|if|when|with|about|the|a|an|"
                r"as|is|was|again|back|up|out|so|we|i|it|what|why|how|from|because|by|or|"
                r"there|this|not|before|after|until)\b)[\w$'\"])",
                neutral="their",
            ),
            WordRule(heads="her", neutral="them"),
            WordRule(heads="ma", tail=r"['’]am", neutral="person"),
            WordRule(
                heads="man woman male female gentleman lady guy madam sir girl fella dude",
                tail=r"(?!-(?:hours?|days?|made)|\s{1,4}(?:ual|ufact))",
                neutral="person",
            ),
            WordRule(
                heads="men women males females gentlemen ladies guys girls",
                tail=r"(?!'s~business)",
                neutral="people",
            ),
            WordRule(heads="sex gender", tail=rf"(?!{_SIGN})", neutral="personal characteristic"),
        ),
    ),
    WordGroup(
        basis="marital status",
        source=_MARITAL,
        rules=(
            WordRule(
                heads="married",
                tail=r"~filing~(?:jointly|joint|separately|separate)",
                neutral="with a stated filing status",
            ),
            WordRule(heads="mfj mfs", neutral="stated filing status"),
            WordRule(
                heads="ex former late",
                tail=r"~(?:husband|wife|spouse)",
                neutral="former household member",
            ),
            WordRule(
                heads="husband wife spouse hubby fiance fiancee fiancé fiancée boyfriend "
                "girlfriend newlywed missus",
                neutral="household member",
            ),
            WordRule(heads="husbands wives spouses newlyweds", neutral="household members"),
            WordRule(heads="widow widower", neutral="surviving household member"),
            WordRule(heads="widowed w1dowed divorced div'd", neutral="with a household change"),
            WordRule(heads="divorce divorces", neutral="household change"),
            WordRule(heads="divorcee divorcée", neutral="person with a household change"),
            WordRule(heads="legally", tail=r"~separated", neutral="with a household change"),
            WordRule(
                heads="separated",
                tail=r"(?=~from~(?:his|her|my|their)~(?:husband|wife|"
                r"spouse|household))",
                neutral="with a household change",
            ),
            WordRule(
                heads="unmarried remarried married", tail=r"(?!~into)", neutral="in a household"
            ),
            WordRule(heads="marriage", tail=r"(?!~(?:line|wall))", neutral="household"),
            WordRule(heads="maiden", tail=r"(?=~name)", neutral="former"),
            WordRule(
                heads="single",
                tail=r"(?:~(?:mothers?|fathers?|moms?|dads?|mama))",
                neutral="parent",
            ),
            WordRule(
                heads="single",
                tail=r"(?=~(?:man|woman|male|female|parent|"
                r"lady|guy)\b)",
                neutral="particular",
            ),
            WordRule(
                heads="single",
                tail=r"(?=,\s?(?:no\s(?:kids|dep)|m\b|f\b|male|female|"
                r"divorced|\d{2}\b))",
                neutral="of stated household",
            ),
            WordRule(
                heads="is am i'm",
                tail=r"~(?P<x>single)(?=\s?[,.;]|~(?:and|with)\b)",
                neutral="in a household",
            ),
        ),
    ),
    WordGroup(
        basis="age",
        source=_AGE,
        rules=(
            WordRule(
                heads="man woman male female gentleman lady applicant borrower coborrower customer "
                "member widow widower single married retired",
                tail=rf",?\s(?P<x>{ADULT_AGE}{_YEARS_OLD})",
                neutral="of stated age",
            ),
            WordRule(
                heads="he she i i'm he's she's who applicant app appl borrower customer member "
                "client mbr",
                tail=r"(?:['’]?(?:s|m)|\s(?:is|am|was))(?:~(?:about|almost|nearly|only|just|now|a))?"
                rf"\s(?P<x>{ADULT_AGE}(?:{_YEARS_OLD}|{_AGE_END}{_AGE_STOP}))",
                neutral="of stated age",
            ),
            WordRule(
                heads="aged age",
                tail="".join(f"(?<!{thing}.age)" for thing in _AGED_THINGS)
                + rf"(?:~of~operator)?(?:\"?\s{{0,6}}[:=]?\s{{0,6}}|\s?\()(?P<x>{ADULT_AGE})"
                r"(?!\w|[%\d]|[.,/-]\d|\s{0,4}(?:\+|%|days?|months?|mos?\b|years?|yrs?|y\b))",
                neutral="as stated",
            ),
            WordRule(
                heads="age",
                tail="".join(rf"(?<!{sign}\sage)" for sign in (r"[\w']", ",", "%"))
                + rf"\s?[:=]?\s{{0,4}}(?P<x>{ADULT_AGE}~(?:years?|yrs?)\b\.?(?:~old\b)?)",
                neutral="as stated",
            ),
            WordRule(
                heads="age",
                tail="".join(f"(?<!{thing}.age)" for thing in _AGED_THINGS)
                + rf"~of~(?:(?:the~)?(?:applicant|borrower|customer|client|member|guarantor)"
                rf"(?:\s?[:=]|~is)?~)?(?P<x>{ADULT_AGE}){_AGE_ONLY}",
                neutral="as stated",
            ),
            WordRule(
                heads="my his her applicant borrower coborrower coapplicant customer client "
                "member guarantor",
                tail=r"(?:['’]?s)?~(?:current~)?age(?:~(?:is|was)|\s?[:=])?"
                rf"~(?P<x>{ADULT_AGE}{_AGE_YEARS}){_AGE_ONLY}",
                neutral="as stated",
            ),
            WordRule(
                heads=_WHO,
                tail=rf"{_IS}(?:{RACE}|{ORIGIN}|{RELIGION})(?:,~(?:and~)?|~and~)"
                rf"(?P<x>{ADULT_AGE}){_AGE_END}{_AGE_STOP}",
                neutral="of stated age",
            ),
            WordRule(
                heads="in into",
                tail=r"~(?:his|her|their|my)~(?:early~|mid~|late~)?(?P<x>[2-9]0['’]?s|"
                r"twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)",
                neutral="years",
            ),
            WordRule(heads="elderly", tail=rf"(?=~{PERSON}\b)", neutral="particular"),
            WordRule(heads="elderly", neutral="particular"),
            WordRule(
                heads="old young",
                tail=r"(?=~(?:m[ae]n|wom[ae]n|lad(?:y|ies)|couple|guys?|"
                r"gentlem[ae]n|person|people|fella|girl|boy)\b)",
                neutral="particular",
            ),
            WordRule(heads="senior", tail=r"~citizens?", neutral="person"),
            WordRule(heads="octogenarian septuagenarian nonagenarian", neutral="person"),
        ),
    ),
    WordGroup(
        basis="sex (childbearing)",
        source=_FAMILY,
        rules=(
            WordRule(
                heads="maternity paternity parental",
                tail=r"(?:~leave)?(?!~(?:ward|test|"
                r"unit|hosp|nurse))",
                neutral="leave",
            ),
            WordRule(heads="pregnant", neutral="with a personal circumstance"),
            WordRule(heads="pregnancy pregnancies", neutral="personal circumstance"),
            WordRule(
                heads="expecting",
                tail=r"~(?:an?~(?:baby|child)|twins|her~\w{1,12}~(?:baby|"
                r"child))",
                neutral="with a personal circumstance",
            ),
        ),
    ),
    WordGroup(
        basis="good faith exercise of a right under the Consumer Credit Protection Act",
        source=_RIGHTS,
        rules=(
            WordRule(
                heads="exercised exercising exercise",
                tail=r"~(?:his|her|their|my|any|a|our)~rights?~under~(?:the~)?"
                r"(?:consumer~credit~protection~act|ccpa|fcra|fdcpa|ecoa|tila|"
                r"fair~credit~reporting~act|truth~in~lending~act|"
                r"equal~credit~opportunity~act)",
                neutral="contacted a creditor",
            ),
            WordRule(
                heads="filed files filing submitted sent made",
                tail=r"~(?:an?~)?(?:cfpb~(?:complaints?|dispute)|"
                r"complaints?~(?:with|to)~(?:the~)?cfpb|(?:fcra|fdcpa|tila|ecoa)~"
                r"(?:disputes?|complaints?|suit|claim))",
                neutral="contacted a creditor",
            ),
            WordRule(
                heads="sued suing",
                tail=r"~(?:us|them|a~\w{1,16}|the~\w{1,16})~(?:under|over)~(?:the~)?"
                r"(?:fcra|fdcpa|tila|ecoa)",
                neutral="contacted a creditor",
            ),
        ),
    ),
)
"""All word rules, by basis; the order decides between rules that start at the same word."""
