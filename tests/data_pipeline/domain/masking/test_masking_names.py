import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("borrower Jane Doe asks", "borrower [NAME] asks"),
        ("Co-borrower Xyvonne Quellar has", "Co-borrower [NAME] has"),
        ("Her husband Thorvald pays.", "Their household member [NAME] pays."),
        ("SUBJECT: OBERMEYER, CLAUDIA R", "SUBJECT: [NAME]"),
        ("Last name: Abernathy", "Last name: [NAME]"),
        ("my name is jaylen brooks", "my name is [NAME]"),
        ("[10:31] Ebere: hello", "[10:31] [NAME]: hello"),
        ("| Gottfried Zimmer | 392-81-6650 |", "| [NAME] | [SSN] |"),
        ("for J. R. Pickering.", "for [NAME]."),
        ("Genevieve St. Clair owes", "[NAME] owes"),
        ("Ana María de la Cruz owes", "[NAME] owes"),
        ("paid.\n\nBest,\nGreg", "paid.\n\nBest,\n[NAME]"),
        ("Present Adler, Mbeki and Wu.", "Present [NAME], [NAME] and [NAME]."),
        ("Ordered by: Xolani | desk 4", "Ordered by: [NAME] | desk 4"),
        ("asked for stubs. -KJ\nKJ called", "asked for stubs. -[NAME]\n[NAME] called"),
        ("Thx, Ruvi\nNMLS 5", "Thx, [NAME]\nNMLS 5"),
        ("T.W. informed by mail", "[NAME]. informed by mail"),
        ("Dale & Jolene Hutchins buy", "[NAME] & [NAME] buy"),
        ("Crispin Vasquez-Lowe and Tamsin own", "[NAME] and [NAME] own"),
        ("Dr. June Takeda wrote", "[NAME] wrote"),
        ("borrower Anneliese Roth owes", "borrower [NAME] owes"),
        ("Ira Feldstein has an IRA", "[NAME] has an IRA"),
        ("Ila Mae Oxendine gave", "[NAME] gave"),
        ("Gordon Pell came, Kelly Ramirez too", "[NAME] came, [NAME] too"),
        ("Completed by MAVlS  J0NES", "Completed by [NAME]"),
        ("APPL: GL0RIA T. 0RTIZ owes", "APPL: [NAME] owes"),
        ("my landlord Big Mike says", "my landlord [NAME] says"),
        ("told her Drew is out, ask Meg", "told their [NAME] is out, ask [NAME]"),
        ("Ins: Manny Ocasio State Farm", "Ins: [NAME] State Farm"),
        ("Fatima al-Hashimi owns", "[NAME] owns"),
        ("Pilar Echeverría  County of Kern", "[NAME]  County of Kern"),
        ("DOE, TY\nVANCE, TYRELL A.", "[NAME]\n[NAME]"),
        ("HAKIMI,FARZANEH SINCE 2011", "[NAME] SINCE 2011"),
        ("joint w/ her maiden name Nowicka.", "joint w/ their former name [NAME]."),
        ("\n1 RAMASWAMY\n2 KARTHIK\n3 DOB", "\n1 [NAME]\n2 [NAME]\n3 DOB"),
        ("<lastName>Quarterman</lastName>", "<lastName>[NAME]</lastName>"),
        ("NM1: PETTIGREW   NM2: LORENZO", "NM1: [NAME]   NM2: [NAME]"),
        ("Mr. Lindqvist's letter", "[NAME]'s letter"),
        ("I know Ms. Fontenot. She's kind", "I know [NAME]. They's kind"),
        (
            "Joy: hi\nMateus: yes\nJoy: ok\nJoy: bye",
            "[NAME]: hi\n[NAME]: yes\n[NAME]: ok\n[NAME]: bye",
        ),
    ],
)
def test_a_name_of_a_person_is_masked(text, masked):
    assert mask(text).text == masked


def test_a_person_found_once_is_found_again_by_either_name_and_in_lower_case():
    text = "Borrower Marisol Delgadillo. DELGADILLO pays late; marisol says no. Delgadillo's DTI."
    masked = "Borrower [NAME]. [NAME] pays late; [NAME] says no. [NAME]'s DTI."
    assert mask(text).text == masked


def test_who_is_found_by_the_form_of_a_line_is_found_again():
    masked = mask(
        "In attendance Abernathy, Dlamini and Ochoa. Dlamini seconded; dlamini spoke."
    ).text
    assert masked == "In attendance [NAME], [NAME] and [NAME]. [NAME] seconded; [NAME] spoke."


def test_a_short_form_alone_on_a_line_is_the_person_named_in_full():
    masked = mask("From: Dashiell Whitcroft\n\nDash,\nthe file is open.").text
    assert masked == "From: [NAME]\n\n[NAME],\nthe file is open."


def test_a_family_name_that_is_a_company_too_is_known_after_the_given_name():
    masked = mask("Husband Konrad Roth died; roth's deed is open.").text
    assert masked == "household member [NAME] died; [NAME]'s deed is open."


def test_the_label_of_a_speaker_makes_no_name_of_the_first_word_spoken():
    text = "Member: See, it went up.\nRep: Okay.\nMember: Umpqua has it.\nRep: No.\nMember: Naw."
    assert mask(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Wells Fargo, Ally, Discover, Chase and Fannie Mae",
        "Ford Explorer, Kia Forte, Harley-Davidson, John Deere",
        "Delgadillo Landscaping LLC and Harrell Roofing",
        "Madison, WI and Charlotte NC",
        "Charles Schwab, Edward Jones, Raymond James",
        "Will advise in May. Grant income stopped. Frank discussion held.",
        "FICO, LTV, DTI, DSCR, HELOC, NMLS 488213",
        "I've paid. We're late. It's fine.",
        "Form 1003, Regulation B, Section 1071",
        "Freddie Mac and Sallie Mae, 1st DOT Mr. Cooper, orig 2020",
        "works at WakeMed with CapOne and two MCAs",
        "San Francisco, Fort Riley, Los Alamos, Costa Rica",
        "F&I dealer, Rent-A-Center, Gulf Breeze Powersports",
        "in XXXX with XXXX XXXX since XX/XX/XXXX",
        "HAWTHORNE-NO,COLL-NO",
        "Gross rno. incorne, Narne, Ernployer, CREDlT UNI0N",
        "a 2021 Highlander, 31 Kestrel, up in Bellingham, Minot, Maine",
        "a Grant ended. Will advise. Mark it; the Star card, since May, at Chase",
        "a house in Medford, a lot near Bernal",
        "see Exhibit C. The agency knows; opened in May. P.S. The roof leaks",
        "Rate: 7\nPrice: 9\nRate: 8\nPrice: 10",
    ],
)
def test_lenders_makes_places_and_words_stay(text):
    assert mask(text).text == text


def test_a_business_named_after_a_person_stays_after_the_person_was_found():
    masked = mask("Guarantor Renata Kessler owns Kessler Roofing.").text
    assert masked == "Guarantor [NAME] owns Kessler Roofing."
