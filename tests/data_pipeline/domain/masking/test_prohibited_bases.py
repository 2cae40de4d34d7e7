import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Sex: F Income $4,500 a month", "Sex: a personal characteristic Income $4,500 a month"),
        (
            "Gender: Male Bankruptcy discharged 2023, FICO 610",
            "Gender: a personal characteristic Bankruptcy discharged 2023, FICO 610",
        ),
        ("Sex: M Employed part time", "Sex: a personal characteristic Employed part time"),
        ("SEX: F INCOME: 4100", "SEX: a personal characteristic INCOME: 4100"),
        ("Gender (F), DTI 41", "Gender (a personal characteristic), DTI 41"),
        (
            "Race: White Foreclosure in March, FICO 580",
            "Race: a personal characteristic Foreclosure in March, FICO 580",
        ),
        (
            "Race/Ethnicity: Black or African American, Not Hispanic; DTI 41",
            "Race/Ethnicity: a personal characteristic; DTI 41",
        ),
        (
            "Nationality: US Employment: temp agency",
            "Nationality: a personal characteristic Employment: temp agency",
        ),
        ("Nationality: Uruguayan\nDTI 41", "Nationality: a personal characteristic\nDTI 41"),
        (
            "Religion: Catholic Income $900",
            "personal characteristic: a personal characteristic Income $900",
        ),
        ("Skin color: brown; owes", "Skin color: a personal characteristic; owes"),
    ],
)  # fmt: skip
def test_a_demographic_line_loses_its_value_and_nothing_behind_it(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "Color: silver Mileage: 45,000",
        "2019 Ford F-150, color: black exterior with repossession history",
        "Color: White\nVIN: 1",
        "Nationality: documentation pending, DTI 41",
        "Race: not provided by telephone, income 4,100",
    ],
)
def test_a_line_without_a_value_of_a_person_stays(text):
    assert mask(text).text == text
