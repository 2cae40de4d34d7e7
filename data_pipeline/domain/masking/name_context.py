"""Words that stand beside names, and words that look like names and are none.

Companies, makes and programmes stay in a text because they are reasons of a decision; the lists
are everyday knowledge of US consumer lending, written for this project.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = _words(
    "mr mrs ms miss mx dr prof rev reverend fr pastor sister brother judge sgt capt captain lt col "
    "maj sr sra srta senor senora senorita don dona agent deacon rabbi imam madam grandma grandpa "
    "aunt auntie uncle messrs bishop ssg spc cpl pfc tsgt msgt cmdr atty "
    "sfc det detective chairman chairwoman councilman councilwoman senator doña señor señora "
    "señorita "
    "monsieur madame mme frau herr pan pani ofcr elder fra"
)
"""A name follows, whatever it looks like."""

LOWER_TITLES = _words("mr mrs ms dr senora senor")
"""Titles after which a name may be written without capitals."""

ROLES = _words(
    "borrower borrowers borr borr1 borr2 coborrower co-borrower cobor coborr co-borr applicant "
    "applicants appl coapplicant co-applicant cosigner co-signer cosignor co-maker comaker signer "
    "guarantor guarantors member mbr customer cust client husband wife spouse "
    "fiance fiancee partner son daughter mother father mom dad mum sister brother nephew niece "
    "cousin aunt uncle grandson granddaughter grandmother grandfather roommate neighbor neighbour "
    "friend landlord landlady tenant lessor attorney appraiser realtor notary witness trustee "
    "executor beneficiary buyer seller underwriter processor closer interviewer caller complainant "
    "consumer subject employee payee co-owner principal borrowers' maiden aka supervisor foreman "
    "accountant cpa bookkeeper translator reference ref ref1 ref2"
)
"""A name may follow, after a colon or comma too; ordinary words there are none."""

GREETINGS = _words("hi hello hey dear yo attn thanks hiya bonjour hola morning afternoon")
"""A name may follow, alone."""

WEAK = _words(
    "w with called call spoke emailed texted told asked by from to cc for met per and ask phoned "
    "reached reach contact contacted advised informed signed said says lo uw officer name named "
    "i'm am is this"
)
"""Words before a single family name; it has to be a known one."""

AFTER = _words(
    "file app application loan deal purchase refi request heloc jacket package closing called "
    "says said calls wants asked claims stated states confirmed denies insists "
    "admits informed notified advised emailed texted replied insisted explained told signed "
    "wrote agreed prefers thinks swears promised hopes works earns"
)
"""A known family name may stand before these."""

PARTICLES = _words(
    "de la dela las los del van von der den ter da do dos das di du le bin ibn al el st y"
)
"""Small words inside a name."""

PLACE_PARTICLES = _words("las los san santa fort ft")
"""Capitalised, they begin a place more often than a name."""

NICKNAMES = _words("big lil little ol' ole")
"""Words before a given name that belong to it."""

SUFFIXES = _words("jr sr ii iii iv esq md phd")
"""Words after a name that belong to it."""

ORGANISATIONS = _words(
    """
    bank bancorp banc bankshares credit union cu fcu company companies co inc incorporated llc
    lp llp pllc pc corp corporation trust fund funding services service svcs group dealer
    dealership holdings farms farm dairy ranch enterprises associates association assn federal
    national lender lending loan loans mortgage mtg finance financial fin capital savings
    bancshares insurance agency realty realtors homes housing construction contractors
    contracting builders building supply supplies medical center centre clinic hospital hosp
    health healthcare dental dentistry school schools district county parish township university
    college academy institute city state church temple ministries store stores auto autos
    automotive motors motor trucking transport transportation freight logistics landscaping
    roofing plumbing electric electrical heating paving concrete masonry painting cleaning
    bakery cafe coffee restaurant grill diner pizza foods food market markets grocery
    pharmacy drug salon spa fitness furniture jewelers jewellers jewelry outfitters apparel
    sporting partners ventures consulting solutions systems technologies tech software labs
    laboratories industries manufacturing mfg works foundry steel mills mill packing packaging
    plastics controls energy power gas oil utilities water communications wireless telecom cable
    media press news airlines airways air cruise hotel inn resort lodge casino club department
    dept police fire court courthouse office bureau administration authority commission
    foundation society museum library park parks airport station plaza mall tower towers
    apartments apts condos condominium condominiums estates village villas manor gardens heights
    hills subdivision acres lake river creek valley mountain beach bay island springs falls
    street st avenue ave road rd drive dr lane ln ct boulevard blvd circle cir place pl terrace
    ter trail trl parkway pkwy highway hwy loop way square pike route rural crossing ridge
    collections recovery acquisitions acceptance receivables card cards bankcard visa mastercard
    logic title escrow abstract appraisal appraisals brothers bros sons son daughters & records
    equipment tractor rentals rental leasing properties property management mgmt management's
    staffing security engineering architects law legal tax accounting cpas motorsports marine rv
    boats boat cycles harley honda kia mazda subaru ford toyota nissan chevrolet chevy dodge
    chrysler jeep buick gmc hyundai volkswagen volvo bmw lexus acura audi infiniti lincoln
    cadillac tesla mercedes-benz mlo score model index form schedule section act rule reg
    regulation edition series program plan street's cove point landing harbor harbour junction
    mesa grove woods forest meadows memorial nursery greenhouse orchards vineyards winery
    growers supermercado supermarket powersports yachts interiors orthodontics diagnostics
    dermatology optical cabinetry stamping screenprint charters carpentry millwork remodeling
    restoration exteriors janitorial linens nails barbershop boutique trailers campers collision
    detailing lube transmission tooling machining fabrication fabricators extrusion molding
    drilling aggregates quarry asphalt surveying surveys irrigation nurseries stables kennels
    equine livestock poultry hatchery ranches rancho deli bistro tavern pub saloon taqueria
    panaderia carniceria mercado tortilleria imports exports wholesale distributors pallet crate
    brewery brewing distillery meats seafood produce catering daycare childcare preschool
    montessori elementary veterinary animal pet grooming hospice pediatrics piping upholstery
    comics wash hut advisors concierge senior depot coal chemical family welding tree life
    lumber kombucha barn cty jct twp floral flooring drywall excavating excavation hauling
    towing tire tires glass tile granite cabinets carpet signs printing graphics photography
    studio studios gallery theater theatre stadium bottling beverage warehouse distribution
    delivery couriers express lines marina shipyard aviation aerospace"""
)
"""A phrase that holds one of them, or stands before one, is no person."""

BRANDS = _words(
    """
    pepsi coke wells fargo chase corelogic stewart-title baylor emory ally discover amex capital
    citi citibank barclays synchrony truist regions schwab merrill lynch goldman sachs
    fidelity vanguard jpmorgan fannie freddie ginnie sallie navient nelnet mohela
    aidvantage santander carvana exeter westlake dillard's macy's kohl's lowe's lowe kohl penney
    dillard conn jcpenney jackson-hewitt wendy's denny's arby's mcdonald's mcdonalds applebee's
    domino's aaron's conn's sam's joe's trader walmart wal-mart target costco kroger publix aldi
    safeway albertsons meijer menards dollar tyson perdue cargill deere john-deere kubota
    caterpillar cat kenworth peterbilt freightliner mack polaris yamaha kawasaki suzuki ducati
    winnebago airstream clayton skyline fleetwood lennar pulte ryland toll zillow redfin uber
    lyft doordash instacart amazon google microsoft apple intel dell oracle cisco boeing
    lockheed raytheon halliburton chevron exxon shell kaiser providence mayo cigna aetna humana
    anthem blue geico allstate progressive nationwide farmers usaa verizon sprint comcast cox
    spectrum xfinity vivint sunrun equifax experian transunion vantage vantagescore fico beacon
    innovis lexisnexis civic accord camry corolla altima sentra maxima malibu impala silverado
    tahoe suburban tundra tacoma sienna prius rav mustang explorer ranger bronco fusion focus
    escape edge expedition navigator durango charger challenger wrangler cherokee sonata elantra
    santa fe tucson optima sorento forte soul rogue pathfinder outback forester impreza jetta
    passat tiguan odyssey pilot ridgeline sierra yukon acadia terrain enclave encore equinox
    traverse trax colorado blazer cruze spark volt corvette camaro harley-davidson sportster
    jefferson lvnv midland portfolio cavalry affirm klarna afterpay upstart lendingclub prosper
    sofi avant onemain mariner lendmark regional speedy oportun kay jared zales
    robert-half hewitt marietta bauer adecco randstad manpower adp paychex quickbooks
    turbotax heloc fha va usda hud irs ssa cfpb nmls ecoa hmda apr ltv dti pti cltv dscr piti
    medicare medicaid roth keogh pell stafford perkins plus dodd frank glass-steagall kelley
    nada truecar freedom debt penfed becu navy amazon's indeed linkedin paypal venmo zelle
    cashapp chime robinhood coinbase wayfair ikea lululemon sephora ulta nike adidas hilton
    marriott hyatt delta southwest alaska jetblue frontier spirit amtrak greyhound ups fedex
    usps dhl xpo ryder penske uhaul hertz avis enterprise budget turo cessna cirrus piper carmax
    autonation credit-karma karma schumer mckinsey deloitte accenture ernst culver's culvers
    dunkin dunkin' comenity
    kohls lowes aarons menards macys dillards wendys dennys mcdonalds fingerhut synch merrick
    onemain ondeck rent-a-center capone pratt brigit kabbage pnc hsbc tila tisa ski-doo sea-doo
    denali komatsu honeywell vanderbilt
    everest can-am"""
)
"""Companies, makes and models: no person, alone or as the first word of a phrase."""

PLACES = _words(
    """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia
    hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts
    michigan minnesota mississippi missouri montana nebraska nevada hampshire jersey mexico york
    carolina dakota ohio oklahoma oregon pennsylvania rhode tennessee texas utah vermont
    virginia washington wisconsin wyoming america american usa us puerto rico guam albuquerque
    anaheim anchorage arlington atlanta augusta aurora austin bakersfield baltimore baton rouge
    billings birmingham boise boston boulder bronx brooklyn buffalo burlington camden charleston
    charlotte chattanooga chesapeake chicago cincinnati cleveland columbia columbus dallas
    davenport dayton denver detroit duluth durham elgin elizabeth erie eugene evansville fargo
    fayetteville flint fresno gainesville garland gary glendale grand greensboro greenville
    hartford henderson hialeah houston huntington huntsville irvine irving jackson jacksonville
    joliet juneau kenosha knoxville lafayette lansing laredo lawrence lexington lincoln laramie
    louisville lubbock macon madison manchester memphis miami milwaukee minneapolis mobile
    modesto montgomery nashville newark norfolk oakland odessa omaha ontario orlando oxnard
    pasadena paterson peoria philadelphia phoenix pittsburgh plano portland providence provo
    queens raleigh reno richmond riverside rochester rockford sacramento salem salinas san santa
    savannah scottsdale seattle shreveport sioux spokane springfield stockton syracuse tacoma
    tallahassee tampa toledo topeka tucson tulsa waco warren wichita wilmington winston
    worcester yonkers paris london florence lima troy athens rome vienna berlin milan geneva
    jordan israel china india cuba kenya chad canada england ireland scotland france germany
    nigeria ghana ethiopia somalia eritrea morocco egypt lebanon syria
    iraq iran turkey pakistan bangladesh nepal vietnam laos cambodia thailand philippines korea
    japan taiwan indonesia australia brazil peru chile ecuador colombia venezuela bolivia
    guatemala honduras salvador nicaragua panama haiti jamaica trinidad barbados portugal poland
    ukraine russia romania hungary serbia croatia bosnia albania greece armenia norway sweden
    denmark finland austria belgium netherlands switzerland lagos accra nairobi delhi mumbai
    manila hanoi saigon seoul tokyo beijing shanghai bogota havana toronto vancouver montreal
    spain italy"""
)
"""Places that are also names: alone they are taken for the place."""

LABELS = _words(
    """
    ssn itin ein fein tin account routing phone email url ip address dob name acct aba rtg rtn
    tel cell fax home work mobile employer employed unemployed date amt amount income gross net
    mo yr yrs mthly re subject fwd ref id no nbr num apr ytd pmt pymt bal lim hi open opened
    closed rptd underwriter underwriting processor lo uw vom vor voe vod loe hoi poi pud sfr mfh
    cco coo ceo cfo vp svp avp evp mgr dir asst csr bsa aml kyc ach eft nsf apy arm heloc piti
    fico ltv dti cltv january february march april june july august september october november
    december jan feb mar jun jul aug sep sept oct nov dec monday tuesday wednesday thursday
    friday saturday sunday mon tue tues wed thu thur thurs fri sat sun am pm est cst mst pst edt
    cdt christian jewish muslim hispanic latino latina asian african mexican chinese indian
    korean english spanish french german italian irish polish russian filipino vietnamese
    japanese first last middle iban dt sex nbr nm nm1 nm2 nm3 fn ln fname lname
    sincerely regards respectfully faithfully cordially
    truly yours thank thx christmas
    easter thanksgiving covid y n yes ok na"""
)
"""Labels, abbreviations, days and other capitalised words that are never a name."""

ORDINARY_TOO = _words(
    """
    oh yep nope baby sirs ok okay house lien max camper hall fed val hay binder fella north
    south east west wood cook eng skip theres washer mad hull canning wheeler dryer barge
    marshal gal stocker carman holler barber vineyard hill blanks sim corr dang golden bale
    bales fudge packer mat severance messenger stringer irons mach ash thrift metro arena
    seaman pine feller bays tine ham mare cape gardener eagle king maple cashed x-ray skip-a-pay
    dlr twp county trinity mercy grace-period good shepherd magnolia e-mail valentine sycamore cedar
    birch willow elm hauler stmt accrual cdr what that appl prop borr hist acct chk req orig
    dept msg asap fyi llc walk-in self-type second-look palm sunday racine sears merrick
    nordstrom lord kirkland sheffield dover moline bozeman kalamazoo heflin coronado
    zimmer-trailers mama papa bro clk renter toyhauler narne judgm pers purch appr prelim comp
    comps guest visitor twenty thirty forty fifty sixty seventy eighty ninety hundred one two
    three four five six seven eight nine ten cutbank rte bldg apt ext misc avm pfs pmts docs
    cond conds stip stips dil mark will frank bill rich hope grace dawn may june april art gene
    dale glen earl duke duchess crew branson eau claire condo wye mba cpn ram rio diem mister mama
    papa sahara vienna uh um hmm yup nah naw gotcha
    amish hmm alt bur ive cant dont s-corp c-corp lis emp inq refi bor tenn curr qual eid halal
    dispo colls nane bom storc lutheran syrah pho chan
    bkr disch biz sch proj ctr guar bwr ltr proctor smiley teller loma pacer gracias"""
)
"""Words of everyday and of lending that the list of ordinary words lacks."""

KINDS_OF_NAME = _words("first last given family middle maiden married former birth sur full legal")
"""Words before `name` after which the name itself may follow at once."""

NAME_LABELS = _words("fn ln fname lname nm nm1 nm2 nm3 surname appl borr bwr brwr mbr applnt")
"""Labels other than `name` of a name's field."""

NO_INITIALS = _words(
    "us dc po na ss se ed wd am pm la ny nj nm ma pa va md pe pc ba bs ms rn dds od"
)
"""Two letters with full stops that are no person's."""

LIST_HEADS = _words(
    "present attendance attending attendee attendees committee panel quorum voting heirs signers "
    "signatories guarantors trustees members owners partners directors borrowers applicants absent "
    "officers cc relatives references tenants occupants coborrowers co-borrowers parties reviewers "
    "approvers buyers sellers principals shareholders beneficiaries dependents children siblings "
    "sons daughters"
)
"""A list of names may follow."""

LINE_HEADS = _words(
    "from to cc bcc fr attn attention by underwriter uw lo mlo processor officer closer analyst "
    "appraiser contact signature signed witness notary reviewer approver caller agent payee "
    "remitter vesting record titleholder insured owner seller landlord requester originator "
    "author manager rep representative sender recipient occupant trustee"
)
"""A name may follow, after a colon."""

CLOSINGS = _words(
    "thanks thx thank best regards cheers sincerely respectfully ty tx yours love signed"
)
"""A name may follow on the same line, and end it."""

ACRONYMS = frozenset({"IRA", "HOA", "ADA"})
"""Abbreviations that are given names when written otherwise: Ira, Hoa, Ada."""

GIVEN_TOO = _words("april may june august jan christian jun sun")
"""Words that are never a name alone, but a given name before a family name."""

GIVEN_WORDS = _words(
    "joy faith hope grace will mark bill frank rich art gene dale glen earl may june april dawn "
    "rose lily ivy iris violet daisy ruby pearl amber crystal jade summer autumn chase drew grant "
    "clay cliff dean wade rob pat jack josh ray guy miles chip buck max sky sage rusty sandy misty "
    "ginger mercy charity patience constance melody harmony robin wren dot bud gail skip ted tad "
    "van vance forest lance norm gale hunter mason tucker carter parker cooper dolly deb meg "
    "sue les sid dru kit lev lia miracle buddy junior kat chance dexter flora reed heath "
    "brook brooks rocky dusty sunny candy penny holly heather hazel olive jasmine myrtle fern eve "
    "angel star precious destiny ed al jo bo ty cy mo vi lu trinity nevada dakota austin "
    "jackson jordan chad israel kenya wm chas geo thos jas florence virginia montgomery dallas "
    "lincoln easter blessing"
)
"""Given names that are ordinary words, months or places too."""

NOT_IN_A_SENTENCE = _words(
    "may june april destiny patience van star sky art guy miles summer autumn forest trinity "
    "mercy charity bin ming tri mason carter "
    "parker cooper reed heath brook brooks olive lance angel chase vance"
)
"""Those of them that a capital in the middle of a sentence does not make a name."""

MAKES = _words(
    "harley honda kia mazda subaru ford toyota nissan chevrolet chevy dodge chrysler jeep "
    "buick gmc "
    "hyundai volkswagen volvo bmw lexus acura audi infiniti lincoln cadillac tesla mercedes-benz "
    "boat rv marine"
)
"""Organisations that are things a person owns too."""

FAMILY_TOO = _words("park church lake banks parks street lane forest hall")
"""Words of companies and places that are frequent family names too."""

PAIRED = _words("pike parks lane law steel temple lincoln harley cable price long west banks")
"""Those that a given name which is nothing else makes a family name."""

PHRASES = frozenset(
    {
        "edward jones", "charles schwab", "raymond james", "john deere", "john hancock", "mary kay",
        "eddie bauer", "ralph lauren", "calvin klein", "michael kors", "martin marietta",
        "jackson hewitt", "merrill lynch", "morgan stanley", "robert half", "dave ramsey",
        "jack henry", "eli lilly", "walt disney", "franklin templeton", "jimmy john",
        "jimmy johns", "papa john", "papa johns", "trader joe", "jenny craig", "sherwin williams",
        "bob evans", "fred meyer", "harris teeter", "winn dixie", "marsh mclennan", "eau claire",
        "james hardie", "ben franklin", "wells fargo", "ethan allen", "levi strauss", "tyler perry",
        "jose cuervo", "jim beam", "jack daniel", "georgia pacific", "la quinta", "st jude",
        "pratt whitney", "stewart title", "santa fe", "san jose",
        "st louis", "st paul", "des moines", "el paso", "los angeles",
        "grady white", "grady-white", "della rosa", "costa rica", "coeur d'alene", "kelly services",
        "stanley steemer", "gordon food", "jp morgan", "terre haute", "rocky mount", "st lucie",
        "baton rouge", "fannie mae", "freddie mac", "sallie mae", "ginnie mae", "farmer mac",
        "hancock whitney", "liberty mutual", "golden nugget", "frost bank", "dick smith",
    }
)  # fmt: skip
"""Two words that are a company, a make or a place together."""

EMPLOYERS = _words(
    "employer emp emplr empl dealer dlr dealership lender creditor bank company store school "
    "builder "
    "manufacturer make model vehicle brand city county servicer insurer carrier merchant university"
)
"""A company, a thing or a place follows, not a person."""

SPEAKING = _words("spoke called emailed texted told asked phoned met reached hi hello by w")
"""Words before a single name, known or not."""
