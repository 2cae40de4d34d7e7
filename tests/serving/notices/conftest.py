from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random

import pytest

from data_pipeline.domain.taxonomy import REASONS
from serving.notices.case_file import NoticeCase
from serving.notices.checks.every_check import CHECKS, check_notice
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.forms import ADVERSE_ACTIONS, ActionKind, NoticeForm
from serving.notices.notice import (
    Channel,
    Creditor,
    CreditorType,
    CreditRequest,
    Recipient,
    Transaction,
)
from serving.notices.reasons import derive_hmda_codes, derive_hmda_text, select_principal_reasons
from serving.notices.record import (
    Business,
    DecisionPath,
    ElectronicConsent,
    Factor,
    FactorSource,
    FiredRule,
    HmdaReport,
    MissingItem,
    ReportUsed,
)
from serving.notices.samples import AGENCY, OTHER_AGENCY, SCORE, sample_case, sample_record

MERITS = [r.value for r in REASONS if r.value != "credit_application_incomplete"]
OTHERS = {
    "other:automobile": "Age of automobile offered",
    "other:references": "Insufficient bank references",
    "other:occupation": "Type of occupation",
}
TYPES = [kind for kind in CreditorType if kind is not CreditorType.PACKERS_AND_STOCKYARDS]
SOURCES = {
    DecisionPath.SCORE: [FactorSource.SCORE],
    DecisionPath.JUDGMENTAL: [FactorSource.JUDGMENT],
    DecisionPath.BOTH: [FactorSource.SCORE, FactorSource.JUDGMENT],
    DecisionPath.AUTO_RULE: [],
}
MUTANTS_PER_CHECK = 10
CHECK_OF_ID = {
    judge(sample_case(NoticeForm.C1).notice, sample_record(NoticeForm.C1)).check_id: judge
    for judge in CHECKS
}


@pytest.fixture
def failed():
    """The ids of the checks that a notice fails."""

    def ids(case):
        return {v.check_id for v in check_notice(case.notice, case.record) if not v.passed}

    return ids


@pytest.fixture
def message():
    """The message of one check."""

    def of(check_id, case):
        return next(
            v.message for v in check_notice(case.notice, case.record) if v.check_id == check_id
        )

    return of


@pytest.fixture
def changed():
    """A sample with fields of the notice (plain) or of the record (record_...) replaced."""

    def change(form=NoticeForm.C1, **fields):
        return mutate(sample_case(form), **fields)

    return change


def mutate(case, **fields):
    of_record = {
        name.removeprefix("record_"): value
        for name, value in fields.items()
        if name.startswith("record_")
    }
    of_notice = {k: v for k, v in fields.items() if not k.startswith("record_")}
    return replace(
        case, notice=replace(case.notice, **of_notice), record=replace(case.record, **of_record)
    )


def factors_of(rng, keys, source, taken):
    """Factors with the keys in falling order, now and then two for a key, and favorable ones."""
    made = []
    for position, key in enumerate(keys):
        parts = rng.choice([1, 1, 2])
        for _ in range(parts):
            made.append(
                Factor(
                    factor_id=f"{source.value}-{len(made)}",
                    reason_key=key,
                    source=source,
                    adverse_contribution=(20.0 - position) / parts,
                    rank=len(made) + 1,
                    specific_text=OTHERS.get(key),
                )
            )
    helpful = rng.choice([key for key in MERITS if key not in taken])
    return [
        *made,
        replace(
            made[-1],
            factor_id=f"{source.value}-helpful",
            reason_key=helpful,
            adverse_contribution=-1.0,
            rank=len(made) + 1,
            specific_text=None,
        ),
    ]


def decided(rng, form):
    """A denial or counteroffer with factors, some of them below the principal ones."""
    paths = [DecisionPath.SCORE] if form is NoticeForm.C3 else list(SOURCES)
    path = rng.choice(paths)
    keys = rng.sample([*MERITS, *OTHERS], rng.randint(4, 8))
    rule_keys = keys[:1] if path is DecisionPath.AUTO_RULE or rng.random() < 0.2 else []
    rest = keys[len(rule_keys) :]
    sources = SOURCES[path]
    factors, principal = [], []
    for index, source in enumerate(sources):
        own = rest[index :: len(sources)]
        factors += factors_of(rng, own, source, keys)
        principal += own[: rng.randint(1, len(own))]
    rules = tuple(
        FiredRule(rule_id=f"rule-{k}", reason_key=k, specific_text=OTHERS.get(k)) for k in rule_keys
    )
    return replace(
        sample_record(form),
        path=path,
        factors=tuple(factors),
        fired_rules=rules,
        principal_reason_keys=tuple(principal),
        more_than_four_cause="each was confirmed" if len(principal) + len(rules) > 4 else None,
    )


def incomplete(form):
    item = MissingItem(name="Proof of address", applicant_can_supply=True)
    return replace(
        sample_record(form),
        path=DecisionPath.INCOMPLETENESS,
        factors=(),
        principal_reason_keys=(),
        missing_items=(item,),
    )


def with_credit_data(rng, record):
    own = record.applicants[0].consumer_id
    second = replace(AGENCY, name="Southern Example Bureau", telephone="1-877-555-0101")
    local = replace(AGENCY, name="Local Bureau", telephone="614 555 0104", is_nationwide=False)
    agencies = rng.sample([AGENCY, second, local], rng.randint(0, 2))
    num_factors = rng.randint(1, 5)
    has_inquiries = num_factors == 5 or rng.random() < 0.3
    names = SCORE.key_factors[-num_factors:] if has_inquiries else SCORE.key_factors[:num_factors]
    low, high = rng.choice([(300, 850), (250, 900), (1, 99)])
    score = replace(
        SCORE,
        consumer_id=own,
        score=rng.randint(low, high),
        range_low=low,
        range_high=high,
        created_on=record.decided_on - timedelta(days=rng.randint(0, 30)),
        key_factors=names,
        inquiries_factor=SCORE.inquiries_factor if has_inquiries else None,
    )
    return with_others_data(
        replace(
            record,
            reports_used=tuple(ReportUsed(consumer_id=own, agency=agency) for agency in agencies),
            scores_used=(score,) if agencies and rng.random() < 0.8 else (),
            other_information_used=rng.random() < 0.5,
        ),
        score,
    )


def with_others_data(record, score):
    """A report and a score of each further person, from a bureau that nobody else has."""
    others = [a.consumer_id for a in record.applicants[1:]]
    other = replace(
        score,
        score=score.range_low + 1 if score.score != score.range_low + 1 else score.range_high,
        key_factors=("Too few accounts currently paid as agreed",),
        provided_by=OTHER_AGENCY.name,
        inquiries_factor=None,
    )
    reports = tuple(ReportUsed(consumer_id=who, agency=OTHER_AGENCY) for who in others)
    scores = tuple(replace(other, consumer_id=who) for who in others)
    return replace(
        record,
        reports_used=(*record.reports_used, *reports),
        scores_used=(*record.scores_used, *scores),
    )


def with_people(rng, record):
    """Other names, now and then a joint applicant or a guarantor, and the creditor's type."""
    guarantees = bool(record.guarantor_consumer_ids)
    first = Recipient(
        consumer_id="consumer-a",
        name=rng.choice(["Ana María Núñez", "O'Neil Brandt", "Jo Li", "Łucja Żak", "D. R. Moss"]),
        address_lines=(f"{rng.randint(1, 999)} Elm Street", "Arden, NY 10900"),
    )
    joint = replace(first, consumer_id="consumer-b", name="Robin Moss")
    creditor = Creditor(
        name=rng.choice(["Harbor & Hill Credit Union", "Example Bank, N.A.", "First Lender LLC"]),
        address_lines=("2 Main Street", "P.O. Box 9", "Arden, NY 10900"),
        creditor_type=rng.choice(TYPES),
        telephone="(518) 555-0170",
    )
    return replace(
        record,
        creditors=(creditor,),
        applicants=(first, joint) if guarantees or rng.random() < 0.3 else (first,),
        primary_consumer_id="consumer-a",
        guarantor_consumer_ids=("consumer-b",) if guarantees else (),
        notified_consumer_ids=("consumer-a",),
    )


def with_business(rng, record, form):
    if form in {NoticeForm.C7, NoticeForm.C8}:
        revenues = [None, Decimal(0), Decimal(1_000_000)]
        business = Business(
            gross_revenue_usd=rng.choice(revenues), is_trade_credit_or_factoring=False
        )
    elif rng.random() < 0.2:
        business = Business(
            gross_revenue_usd=Decimal(rng.randint(0, 3_000_000)),
            is_trade_credit_or_factoring=rng.random() < 0.3,
        )
    else:
        return replace(record, business=None)
    return replace(record, business=business)


def recipient_of(rng, form, record):
    """The guarantor on their own form; else an applicant, and of two now and then the second."""
    ids = [applicant.consumer_id for applicant in record.applicants]
    if form is NoticeForm.REPORT_USED:
        return ids[-1]
    return rng.choice(ids) if record.action in ADVERSE_ACTIONS else ids[0]


def valid_case(seed):
    """A valid notice with its record, drawn by a seed over every form, path and block."""
    rng = Random(seed)
    form = rng.choice(list(NoticeForm))
    record = with_people(rng, sample_record(form))
    if record.decided_on:
        chosen = (
            incomplete(form)
            if rng.random() < 0.3 and form in {NoticeForm.C1, NoticeForm.C2}
            else decided(rng, form)
            if record.action in ADVERSE_ACTIONS
            else record
        )
        record = with_people(rng, chosen)
        record = with_credit_data(rng, record) if record.action in ADVERSE_ACTIONS else record
    record = with_business(rng, record, form)
    own = recipient_of(rng, form, record)
    electronic = rng.random() < 0.4
    if electronic:
        consent = ElectronicConsent(consumer_id=own, given_on=date(2026, 1, 5))
        record = replace(record, consents=(consent,))
    if rng.random() < 0.3:
        record = replace(record, is_override=True, override_cause="pay statements seen")
    if record.action is ActionKind.DENIAL and rng.random() < 0.5:
        reasons = select_principal_reasons(record)
        report = HmdaReport(
            action_taken=3,
            denial_reasons=derive_hmda_codes(reasons),
            other_text=derive_hmda_text(reasons),
        )
        record = replace(record, hmda=report)
    dated_on = date(2026, 11, 20) + timedelta(days=rng.randint(0, 10))
    request = DraftRequest(
        notice_id=f"notice-{seed}",
        form=form,
        consumer_id=own,
        dated_on=dated_on,
        transaction=Transaction(
            request=rng.choice(list(CreditRequest)), description="a car loan of $18,400"
        ),
        channel=Channel.ELECTRONIC if electronic else Channel.POSTAL,
        reasons_contact="our loan office",
        respond_by=dated_on + timedelta(days=15) if form is NoticeForm.C6 else None,
    )
    return NoticeCase(notice=draft_notice(record, request), record=record)


@pytest.fixture
def make_valid_case():
    return valid_case


def broken_texts(text):
    """Deletions, swaps, paraphrases, negations and wrong numbers of a prescribed text."""
    words = text.split(" ")
    middle = len(words) // 2
    made = [
        "",
        " ".join(words[1:]),
        " ".join(words[:-1]),
        " ".join(words[:middle]),
        " ".join([*words[:middle], *words[middle + 1 :]]),
        " ".join([*words[:middle], words[middle + 1], words[middle], *words[middle + 2 :]]),
        " ".join([*words[:middle], "not", *words[middle:]]),
        f"It is not true that {text}",
        text.replace("a", "а", 1),  # a Cyrillic letter
    ]
    pairs = [("60", "30"), ("30", "90"), ("no later", "earlier"), ("right", "option")]
    pairs += [("prohibits", "discourages"), ("request", "buy"), ("dispute", "discuss")]
    pairs += [("unable", "willing"), ("free copy", "copy"), ("Consumer", "Client")]
    made += [text.replace(old, new) for old, new in pairs if old in text]
    return [broken for broken in made if broken != text]


@pytest.fixture
def detect():
    """Runs the rules of a check over valid cases; prints and returns how many it caught."""

    def run(check_id, rules, *, num_seeds=60):
        made, missed, per_rule = 0, [], {}
        judge = CHECK_OF_ID[check_id]
        for seed in range(num_seeds):
            case = valid_case(seed)
            for rule in rules:
                for mutant in rule(case, partial(mutate, case), broken_texts):
                    made += 1
                    per_rule[rule.__name__] = per_rule.get(rule.__name__, 0) + 1
                    if judge(mutant.notice, mutant.record).passed:
                        missed.append((rule.__name__, seed))
        print(f"{check_id}: {made - len(missed)} of {made} broken notices caught")  # noqa: T201
        assert made >= MUTANTS_PER_CHECK
        assert set(per_rule) == {rule.__name__ for rule in rules}, "a rule broke nothing"
        return missed

    return run
