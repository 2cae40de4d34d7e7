import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("we met Deacon Oakes at noon", "we met [NAME] at noon"),
        ("the gift is from Chief Bamidele Fashola", "the gift is from [NAME]"),
        ("Veteran: SFC (Ret.) Lamont Grady", "Veteran: [NAME]"),
        ("rent of $900 with doña Chayo", "rent of $900 with [NAME]"),
        ("it was Rex Dufresne the Third", "it was [NAME]"),
    ],
)
def test_the_office_before_a_name_goes_with_it(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("the Floyd W. Applegate Revocable Trust", "the [NAME] Revocable Trust"),
        ("Absent: Banks.", "Absent: [NAME]."),
        ("ZELLE TO DANIEL HUGER      -150.00", "ZELLE TO [NAME]      -150.00"),
        ("OFFICER (HUANG): All right", "OFFICER ([NAME]): All right"),
        ("SP: RAMONA", "SP: [NAME]"),
        ("ALSO KNOWN AS T DELACROIX III", "ALSO KNOWN AS [NAME]"),
        ("Seller is Wm. H. Christofferson III", "Seller is [NAME]"),
        ("money from Nguyen Van Tho came", "money from [NAME] came"),
        ("The LO on A was Price; it closed", "The LO on A was [NAME]; it closed"),
        ("Then Price hears poorly", "Then [NAME] hears poorly"),
        ("PRICE ASKS 24 MO", "[NAME] ASKS 24 MO"),
        ("Young, the account officer, reported", "[NAME], the account officer, reported"),
        ("State Farm agent Jim Falls: a page", "State Farm agent [NAME]: a page"),
        ("Buyer Marigold Ortiz-Cheever is a niece", "Buyer [NAME] is a niece"),
        ("my agent is april fong, who helps me", "my agent is [NAME], who helps me"),
        ("J.D. Long says no", "[NAME] says no"),
        ("so Attorney Banks filed it", "so Attorney [NAME] filed it"),
        ("then kevin long wants 20k", "then [NAME] wants 20k"),
        ("Wire from MERCY STONE", "Wire from [NAME]"),
        ("PRICE,CHARITY,L", "[NAME]"),
        ("the sum is fine (2)). Skip", "the sum is fine (2)). [NAME]"),
    ],
)
def test_a_name_that_a_phrase_gives_away_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("* KOZLOWSKA,MAGDALENA,E   SINCE", "* [NAME]   SINCE"),
        ("12/1/2025\nTwo Bulls, Leonard\tFreedom", "12/1/2025\n[NAME]\tFreedom"),
        ("12/1/2025\nde la Paz, Ma. Corazon\tFreedom", "12/1/2025\n[NAME]\tFreedom"),
        ("• Golden, Dawn – estate", "• [NAME] – estate"),
        ("Owners: Kim, Mi-ra 49%", "Owners: [NAME] 49%"),
        ('"O, Eun",5', '"[NAME]",5'),
        ("a | PARK J | new\nb | OYELOWO K | ok", "a | [NAME] | new\nb | [NAME] | ok"),
        ("id,fname,lname,amt\n7,Anahera,Price,4", "id,fname,lname,amt\n7,[NAME],[NAME],4"),
        ("Zo: a\nRegina: b\nZo: c\nZo: d", "[NAME]: a\n[NAME]: b\n[NAME]: c\n[NAME]: d"),
        ('"Will","Price",4\nPrice matches one.', '"[NAME]","[NAME]",4\n[NAME] matches one.'),
    ],
)
def test_a_name_in_a_register_or_a_table_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "Chief Financial Officer, Deacon Bank, Judge Street",
        "TIER A | 4\nGRADE B | 5\nPLAN C | 6",
        "a | PRICE A | new\nb | STONE B | ok",
        "name,lender,amt\nBorrower Total,Acme Bank,4",
        "item,lender,amt\nSeasonality,Acme Bank,4",
        "Me: a\nYou: b\nMe: c\nMe: d",
        "The plant at Delmar Park, near Crystal Falls, closed",
        "It is a Revocable Trust. Price of the house: 4",
        "PAYMENT TO CAPITAL ONE   -150.00",
        "a condo in Henderson, Nevada. I bought it from a pvt pty",
        "send it to the P.O. Box",
        "Cathedral Kitchens owes them $7,700",
        "Absent: income. The officer was right.",
        "we live in Sincere, St. Louis",
    ],
)
def test_titles_tables_and_places_without_a_person_stay(text):
    assert mask(text).text == text
