"""The words by which race, origin, religion and sex are stated.

Each constant is a regular expression for one statement, in which `~` stands for the gap between
two words, as in the rules; case is folded before.
"""

SEX = (
    r"(?:(?:fe)?males?|(?:wo)?m[ae]n|non-?~?binary|(?:trans|cis)(?:gender)?(?:~(?:fe)?male"
    r"|~(?:wo)?man)?|intersex|other|unknown|[fmx])"
)
"""Source: 12 CFR 1003, Appendix B (sex); everyday words chosen for this project."""

RACE = (
    r"(?:black|white|brown|asian|caucasian|african|indian|native~(?:american|hawaiian)"
    r"|american~indian|alaska~native|(?:other~)?pacific~islander|guamanian|chamorro|samoan|tongan"
    r"|fijian|(?:multi|bi)-?racial|mixed~race|two~or~more~races)(?:~americans?)?"
)
"""Source: 12 CFR 1003, Appendix B (race); OMB SPD 15."""

ORIGIN = (
    r"(?:(?:(?:not|non)~)?(?:hispanics?|latin[oax])|(?:mexican|puerto~rican|cuban|chinese|filipino"
    r"|filipina|japanese|korean|vietnamese|nigerian|arab|haitian|jamaican|dominican|salvadoran"
    r"|guatemalan|honduran|nicaraguan|colombian|venezuelan|brazilian|peruvian|ecuadorian|bolivian"
    r"|chilean|argentin(?:ian|e)|pakistani|bangladeshi|sri~lankan|iranian|persian|iraqi|afghan"
    r"|syrian|lebanese|palestinian|jordanian|israeli|saudi|yemeni|egyptian|moroccan|algerian"
    r"|ethiopian|eritrean|somali|kenyan|ugandan|ghanaian|liberian|sudanese|congolese|south~african"
    r"|polish|russian|ukrainian|romanian|bulgarian|hungarian|czech|slovak|serbian|croatian|bosnian"
    r"|albanian|german|irish|scottish|english|british|italian|greek|turkish|armenian|georgian"
    r"|french|spanish|portuguese|dutch|swedish|norwegian|danish|finnish|laotian|hmong|cambodian"
    r"|thai|burmese|nepal(?:i|ese)|bhutanese|indonesian|malaysian|taiwanese|mongolian|uzbek|kazakh"
    r"|australian|canadian)(?:~americans?)?)"
)
"""Source: 12 CFR 1003, Appendix B (ethnicity); nationalities chosen for this project."""

COUNTRY = (
    r"(?:u\.?s\.?a?|united~states|american|mexico|puerto~rico|cuba|china|philippines|japan"
    r"|(?:south~)?korea|vietnam|nigeria|haiti|jamaica|dominican~republic|el~salvador|guatemala"
    r"|honduras|colombia|venezuela|brazil|peru|ecuador|pakistan|bangladesh|india|iran|iraq|syria"
    r"|lebanon|egypt|ethiopia|somalia|kenya|ghana|poland|russia|ukraine|germany|ireland|italy"
    r"|greece|turkey|france|spain|laos|cambodia|thailand|nepal|afghanistan|canada)"
)
"""Source: none; countries chosen for this project."""

RELIGION = (
    r"(?:muslim|islam(?:ic)?|jew(?:ish)?|judaism|(?:roman~)?catholic|protestant|mormon|lds|hindu"
    r"|buddhist|sikh|jain|(?:southern~)?baptist|methodist|lutheran|presbyterian|episcopalian"
    r"|anglican|christian|amish|mennonite|quaker|pentecostal|evangelical|adventist"
    r"|jehovah'?s~witness|(?:greek~|russian~)?orthodox|atheist|agnostic)"
)
"""Source: none; names of religions chosen for this project."""


def values(kind: str) -> str:
    """Returns a pattern of one value of a kind, or of up to four in a row.

    Args:
        kind: pattern of one value.
    """
    return rf"{kind}(?:(?:[ ]?[/,&+][ ]?|[ ](?:and|or)[ ]|[ ]){kind}){{0,3}}"
