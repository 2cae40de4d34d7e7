"""Parsers of what comes from outside: any input gives a value or one of our errors, no other."""

import base64
import json
from contextlib import suppress

import pytest
from fuzz_targets import replaced
from hypothesis import example, given
from hypothesis import strategies as st

from data_pipeline.errors import DataError, WhereforeError
from data_pipeline.sources.labels import hmda_labels, lendingclub_labels
from data_pipeline.sources.lendingclub import application_from_lendingclub
from data_pipeline.sources.rows import RowValueError
from serving.adapters.event_json import event_from_json
from serving.cases.errors import EventValueError
from serving.cases.worklist import WorklistCursor
from serving.casework.errors import FactsError
from serving.casework.letters import verdicts_of
from serving.casework.reading import cursor_of, cursor_text
from serving.identity.names import is_usable_id
from serving.key_file import read_people
from serving.notices.case_file import dump_case, parse_case
from serving.notices.errors import NoticeFileError
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case

ANY_TEXT = st.text(st.characters(categories=None), max_size=40)
"""Lone surrogates and NUL, too."""

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(
    st.builds(
        WorklistCursor,
        due_on=st.none() | st.dates(),
        case_id=st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=64),
    )
)
def test_a_place_in_the_worklist_comes_back_as_it_was(cursor):
    assert cursor_of(cursor_text(cursor)) == cursor


def _place(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@given(ANY_TEXT | JSON_VALUES.map(_place) | st.tuples(JSON_VALUES, JSON_VALUES).map(_place))
@example(_place([None, "\ud800"]))
@example(_place([None, "c-\0"]))
@example(_place(["0001-01-01", "c" * 400]))
@example(_place({"2026-11-20": 1, "c-1": 2}))
@example(base64.urlsafe_b64encode(b"[" * 300).decode())
def test_any_place_is_one_that_a_database_takes_or_none(text):
    try:
        found = cursor_of(text)
    except FactsError:
        return
    assert found.case_id.encode("utf-8").decode() == found.case_id
    assert "\0" not in found.case_id


NOTICES = [json.loads(dump_case(sample_case(form))) for form in NoticeForm]


@given(st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_notice_file_or_refused(content):
    with pytest.raises(NoticeFileError):
        parse_case(content)


@given(
    st.sampled_from(NOTICES),
    st.lists(st.integers(0, 20), min_size=1, max_size=6),
    JSON_VALUES,
)
def test_a_notice_file_with_anything_in_any_place_is_read_or_refused(notice, path, value):
    content = json.dumps(replaced(notice, path, value)).encode()
    try:
        case = parse_case(content)
    except NoticeFileError:
        return
    assert parse_case(dump_case(case)) == case
    with suppress(FactsError):
        assert all(verdict.check_id for verdict in verdicts_of(case))


@given(st.binary(max_size=100) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_as_an_event(content):
    with pytest.raises(EventValueError):
        event_from_json(content)


CELLS = st.none() | st.integers() | st.floats() | ANY_TEXT | st.sampled_from(["NA", "36 months"])


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "loan_amnt", "term", "purpose", "title", "desc", "emp_title", "emp_length", "dti",
                "annual_inc", "home_ownership", "addr_state", "revol_util", "earliest_cr_line",
                "issue_d", "delinq_2yrs", "inq_last_6mths", "pub_rec", "open_acc", "loan_status",
            ]
        ),
        CELLS,
    )
)  # fmt: skip
def test_any_cells_of_a_loan_file_are_read_or_named_as_wrong(row):
    for read in (application_from_lendingclub, lendingclub_labels):
        with suppress(RowValueError, DataError):
            read(row)


@given(
    st.dictionaries(
        st.sampled_from(
            ["action_taken", "denial_reason_1", "denial_reason_2", "denial_reason-1", "purpose"]
        ),
        CELLS,
    )
)
def test_any_labels_of_a_register_are_read_or_named_as_wrong(row):
    with suppress(RowValueError, DataError):
        hmda_labels(row)


@given(content=st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
@example(content=b"[" * 100_000)
@example(content=b'{"keys": [{"sha256": 1}]}')
@example(content='{"keys": [{"sha256": "é"}]}'.encode())
@example(content=b'{"keys": [["sha256"]]}')
def test_any_file_of_keys_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("keys") / "api_keys.json"
    path.write_bytes(content)
    path.chmod(0o600)
    try:
        people = read_people(path)
    except WhereforeError:
        return
    assert people == {}


@given(ANY_TEXT)
def test_what_is_an_id_of_a_person_can_stand_anywhere(text):
    if is_usable_id(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(" \"'<>/\\;:,")
