import itertools
import json
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication
from data_pipeline.sources import Row, RowError
from serving.backlog.duplicates import IdLedger
from serving.backlog.local_job import ScoreOptions
from serving.backlog.plan import InputRow, cut_shards, plan_batches, rows_digest

LENGTHS = st.lists(st.integers(1, 900), max_size=200)
TEXTS = st.lists(st.text("a é", max_size=20), max_size=20)


def rows_of(texts):
    return [
        InputRow.of(Row(number=i, id=str(i), application=LoanApplication(text=f"a{text}")))
        for i, text in enumerate(texts, start=1)
    ]


@given(TEXTS, st.integers(1, 5), st.integers(1, 60))
def test_shards_hold_every_row_once_in_order_and_keep_to_their_size(texts, shard_rows, characters):
    rows = rows_of(texts)
    shards = list(cut_shards(rows, shard_rows=shard_rows, max_characters=characters))
    assert [row for shard in shards for row in shard] == rows
    for shard in shards:
        assert 1 <= len(shard) <= shard_rows
        assert len(shard) == 1 or sum(len(row.text) for row in shard) <= characters


@given(TEXTS, st.integers(1, 5), st.integers(1, 60), st.data())
def test_the_shards_of_the_rows_before_a_cut_do_not_depend_on_what_follows(
    texts, shard_rows, characters, data
):
    shards = list(cut_shards(rows_of(texts), shard_rows=shard_rows, max_characters=characters))
    kept = data.draw(st.integers(0, len(shards)))
    before = [row for shard in shards[:kept] for row in shard]
    again = list(cut_shards(before, shard_rows=shard_rows, max_characters=characters))
    assert again == shards[:kept]


@given(LENGTHS, st.integers(1, 1000))
def test_batches_hold_every_text_once_and_keep_to_their_tokens(lengths, max_tokens):
    batches = plan_batches(lengths, max_tokens=max_tokens)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or sum(lengths[i] for i in batch) <= max_tokens


@given(LENGTHS, st.integers(1, 1000))
def test_no_batch_is_ended_while_the_next_text_fits(lengths, max_tokens):
    batches = plan_batches(lengths, max_tokens=max_tokens)
    for batch, following in itertools.pairwise(batches):
        assert sum(lengths[i] for i in [*batch, following[0]]) > max_tokens


@given(LENGTHS)
def test_a_batch_holds_texts_of_neighbouring_lengths(lengths):
    in_turn = [lengths[i] for batch in plan_batches(lengths, max_tokens=1000) for i in batch]
    assert in_turn == sorted(lengths, reverse=True)


def test_the_digest_of_rows_tells_texts_ids_numbers_and_errors_apart():
    def row(number=1, name="1", text="a"):
        return InputRow.of(Row(number=number, id=name, application=LoanApplication(text=text)))

    def error(message):
        found = RowError(number=1, id="1", code="nul_byte", field=None, message=message)
        return InputRow.of(found)

    parts = [
        [row()],
        [row(text="b")],
        [row(name="2")],
        [row(number=2)],
        [error("a")],
        [error("b")],
        [row(), row()],
        [],
    ]
    assert len({rows_digest(part) for part in parts}) == len(parts)
    assert rows_digest([row()]) == rows_digest([row()])


@given(ids=st.lists(st.text(max_size=3), max_size=60))
def test_every_id_given_before_is_found_with_the_row_that_had_it_first(tmp_path_factory, ids):
    ledger = IdLedger(tmp_path_factory.mktemp("ids"))
    first, expected = {}, {}
    for position, name in enumerate(ids):
        ledger.add(name, position=position, number=position + 1)
        if name in first:
            expected[position] = first[name]
        first.setdefault(name, position + 1)
    assert list(ledger.repeated()) == sorted(expected.items())


def test_however_often_an_id_comes_memory_does_not_grow_with_it(tmp_path):
    ledger = IdLedger(tmp_path)
    tracemalloc.start()
    try:
        for position in range(400_000):
            ledger.add("the same", position=position, number=position + 1)
        found = ledger.repeated()
        assert all(first == 1 for _, first in found)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 48 * 1024 * 1024


def test_ids_are_found_again_across_what_was_written_to_disk_and_are_not_in_it(tmp_path):
    ledger = IdLedger(tmp_path)
    for position in range(70_000):
        ledger.add(f"applicant {position}", position=position, number=position + 1)
    ledger.add("applicant 3", position=70_000, number=70_001)
    assert list(ledger.repeated()) == [(70_000, 4)]
    assert b"applicant" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_plan_of_shards_is_kept_as_it_was(tmp_path, backlog, texts):
    found = []

    def look():
        plan = tmp_path / "out.jsonl.shards" / "plan.jsonl"
        found.extend(json.loads(line) for line in plan.read_text().splitlines())

    backlog.score(
        texts, tmp_path / "out.jsonl", options=ScoreOptions(shard_rows=16), after_plan=look
    )
    assert [shard["num_rows"] for shard in found] == [16, 16, 8]
    assert [shard["index"] for shard in found] == [0, 1, 2]
