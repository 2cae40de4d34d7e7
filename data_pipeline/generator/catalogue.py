"""Words of the synthetic world: invented employers and places, goods, papers and purposes.

First and family names are drawn from one list for everybody, whatever the demographics in the
separate table say, so that a name tells nothing.
"""

from data_pipeline.domain.application import LoanProduct
from data_pipeline.generator.history_facts import JobKind

_P = LoanProduct


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


FIRST_NAMES = _words(
    "Adaeze, Alma, Amir, Anita, Arlo, Beatriz, Birgit, Calvin, Carmela, Cyrus, Dalia, Dmitri,"
    "Dolores, Earl, Elif, Emmett, Farrah, Fidel, Gwen, Hana, Hollis, Ignacio, Imani, Ingrid,"
    "Jamal, Joon, Kavita, Keisha, Lars, Leilani, Luz, Mabel, Malik, Marisol, Mei, Milo, Nadia,"
    "Nils, Odell, Olga, Paloma, Priya, Quentin, Rashid, Rosalie, Ruben, Saoirse, Selma, Tamsin,"
    "Thao, Ulises, Vera, Wendell, Xiomara, Yusuf, Zora"
)
LAST_NAMES = _words(
    "Abernathy, Achterberg, Adeyemi, Alvarado, Bancroft, Bhatt, Bialik, Castellanos, Chaudhry,"
    "Cobb, Dang, Delacroix, Dombrowski, Eastman, Escobedo, Fairchild, Ferreira, Gallegos, Greer,"
    "Haddad, Halvorsen, Ibarra, Inoue, Jankowski, Jeffers, Kapoor, Kealoha, Lindgren, Lomax,"
    "Maldonado, Mbeki, McCready, Nakagawa, Nuñez, Oduya, Ostrander, Pacheco, Pruitt, Quispe,"
    "Rasmussen, Rinehart, Sabatini, Shelby, Singh, Tafoya, Thibodeaux, Tran, Underhill, Vargas,"
    "Villanueva, Whitlock, Xiong, Yazzie, Zamora, Zielinski"
)
_TOWN_STARTS = _words(
    "Alder, Ash, Bell, Birch, Cedar, Clear, Copper, Crane, Eagle, Elk, Fair, Flint, Glen, Harper,"
    "Iron, Juniper, Kings, Laurel, Lone, Maple, Mill, North, Oak, Pine, Quarry, Red, Rock, Salt,"
    "Silver, Stone, Timber, Walnut, West, Willow"
)
_TOWN_ENDS = _words(
    " Bend, brook, burg, Creek, dale, Falls, field, ford, Grove, Hill, Junction, mont, port,"
    "Springs, ton, Valley, view, ville, wood"
)
TOWNS = tuple(
    f"{start}{end}" if end[0].islower() else f"{start} {end}"
    for start in _TOWN_STARTS
    for end in _TOWN_ENDS
)
STATES = _words(
    "AL, AZ, AR, CA, CO, FL, GA, ID, IL, IN, IA, KS, KY, LA, ME, MD, MA, MI, MN, MO, MT, NE, NV,"
    "NH, NJ, NM, NY, NC, ND, OH, OK, OR, PA, SC, SD, TN, TX, UT, VA, WA, WV, WI, WY"
)
CREDITORS = _words(
    "Bluestem Bank, Cardinal Finance, Delmar Card, First Prairie, Gateway Auto, Harbor Federal,"
    "Keystone Retail, Lakeshore CU, Meridian Card, Northgate Motors, Orchard Bank,"
    "Pinnacle Furniture, Quickline, Ridgeway CU, Summit Store Card, Tri-County, Union Card"
)
AGENCIES = _words(
    "Apex Recovery, Benton Receivables, Coastline Collections, Dorsey & Hale, Evergreen Asset,"
    "Foxglove Medical Billing, Granite Credit Bureau, Hollins Recovery, Ironbridge Portfolio,"
    "county court, Midland utility, Stateline Recovery, the old landlord, the phone company"
)
_EMPLOYER_STARTS = _words(
    "Ardent, Beacon, Brightwater, Calloway, Delta, Eastgate, Fenwick, Granby, Hartwell, Juniper,"
    "Kestrel, Larkin, Marlow, Norwood, Osprey, Pemberton, Quincy, Redstone, Sterling, Tidewater,"
    "Upland, Vanguard, Westbrook, Yorke"
)
_EMPLOYER_ENDS = _words(
    "Logistics, Medical Center, Unified Schools, Foods, Plumbing, Tool & Die, Insurance, Hotels,"
    "Packaging, Dairy, Electric, Transit, Builders, Software, Pharmacy, Clinic, Freight, Marine,"
    "Steel, Retail Group"
)
EMPLOYERS = tuple(f"{start} {end}" for start in _EMPLOYER_STARTS for end in _EMPLOYER_ENDS)
_STEADY = _words(
    "nurse, machinist, teacher, dispatcher, bookkeeper, welder, claims adjuster, line cook,"
    "pharmacy technician, electrician, warehouse lead, paralegal, dental assistant, truck driver,"
    "maintenance planner, bank teller, lab analyst, payroll clerk, surveyor, HVAC technician,"
    "store manager, radiographer, network engineer, social worker, press operator"
)
OCCUPATIONS: dict[JobKind, tuple[str, ...]] = {
    JobKind.PERMANENT: _STEADY,
    JobKind.SELF_EMPLOYED: _words(
        "house painter, hair stylist, landscaper, bookkeeper, tile setter, photographer, caterer,"
        "mobile mechanic, real estate agent, upholsterer, dog groomer, cabinet maker"
    ),
    JobKind.CONTRACT: _words(
        "project engineer, software tester, grant writer, site inspector, instructional designer,"
        "data analyst, drafter, interpreter"
    ),
    JobKind.SEASONAL: _words(
        "ski patroller, cannery worker, tax preparer, river guide, orchard foreman,"
        "lodge cook, greenhouse hand, plow driver"
    ),
    JobKind.AGENCY: _words(
        "forklift operator, receptionist, assembler, picker, medical coder, data clerk"
    ),
    JobKind.GIG: _words(
        "delivery driver, rideshare driver, freelance designer, courier, handyman, dog walker"
    ),
}
"""What people do, by how they earn; employers of the self-employed are their own firms."""

PURPOSES: dict[LoanProduct, tuple[str, ...]] = {
    _P.MORTGAGE: _words("home purchase, refinance of the first lien, purchase of a townhouse"),
    _P.HELOC: _words("kitchen remodel, roof and siding, tuition, paying off cards, an addition"),
    _P.AUTO: _words("used car purchase, new truck purchase, lease buyout, commuter car"),
    _P.PERSONAL: _words("debt consolidation, dental work, moving costs, a wedding, car repair"),
    _P.CREDIT_CARD: _words("everyday purchases, balance transfer, travel, building credit"),
    _P.STUDENT_REFI: _words("refinance of student loans, combining private student loans"),
    _P.SMALL_BUSINESS: _words("equipment, working capital, a second location, inventory"),
    _P.FARM: _words("operating line, a used combine, cattle, forty acres next door, a grain bin"),
    _P.MANUFACTURED_HOME: _words("double-wide purchase, single-wide on leased land, home and lot"),
}
COLLATERALS: dict[LoanProduct, tuple[str, ...]] = {
    _P.MORTGAGE: _words("brick ranch, two-story frame house, townhouse, bungalow, split-level"),
    _P.HELOC: _words("ranch house, colonial, condominium, cape, duplex"),
    _P.AUTO: _words("crew cab pickup, compact SUV, midsize sedan, minivan, hatchback, van"),
    _P.SMALL_BUSINESS: _words("oven line, box truck, CNC lathe, walk-in coolers, shop building"),
    _P.FARM: _words("combine, pasture ground, cow herd, grain bins, tractor and planter"),
    _P.MANUFACTURED_HOME: _words("double-wide, single-wide, triple-wide, multi-section home"),
}
"""What secures a loan, by product; a product that is absent is unsecured."""

HOUSING_REPAIRS = _words(
    "roof, foundation, furnace, septic system, electrical panel, rear deck, crawl space, well"
)
MACHINE_REPAIRS = _words("transmission, frame, brakes, hydraulics, engine mounts, wiring, tires")
PAPERS = _words(
    "W-2s, pay stubs, bank statements, tax returns, photo ID, lease, insurance binder,"
    "purchase contract, gift letter, mortgage statement, title copy, profit and loss,"
    "letter of explanation, award letter, utility bill, signed 4506-C, HOA statement, trust papers"
)
HOUSING = _words("owns, rents, lives with relatives, owns with a mortgage")
TEMPORARY_HOUSING = _words(
    "weekly motel, sublet, company housing, friend's spare room, short-term rental, camper"
)
LOAN_NAMES: dict[LoanProduct, tuple[str, ...]] = {
    _P.MORTGAGE: _words("mortgage, home loan, first mortgage"),
    _P.HELOC: _words("home equity line, HELOC, equity line"),
    _P.AUTO: _words("auto loan, car loan, vehicle loan"),
    _P.PERSONAL: _words("personal loan, unsecured loan, signature loan"),
    _P.CREDIT_CARD: _words("credit card, card, card account"),
    _P.STUDENT_REFI: _words("student loan refinance, student refi"),
    _P.SMALL_BUSINESS: _words("business loan, small business loan, commercial note"),
    _P.FARM: _words("farm loan, ag loan, agricultural note"),
    _P.MANUFACTURED_HOME: _words("manufactured home loan, home-only loan, MH loan"),
}
