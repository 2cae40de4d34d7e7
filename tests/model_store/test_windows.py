import json
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from model_store.combining import combine_windows
from model_store.errors import ArtifactMismatchError
from model_store.windows import TextTokenizer, window_bounds

MARKERS = ["<s>", "</s>", "<pad>", "<mask>"]


@given(st.integers(0, 70_000))
def test_windows_cover_every_token_with_overlap_and_the_last_one_is_full(num_tokens):
    bounds = list(window_bounds(num_tokens))
    assert bounds[0][0] == 0
    assert bounds[-1][1] == num_tokens
    assert all(stop - start <= 510 for start, stop in bounds)
    for (start, stop), (next_start, next_stop) in pairwise(bounds):
        assert start < next_start
        assert stop < next_stop
        assert stop - next_start >= 128
    if num_tokens >= 510:
        assert {stop - start for start, stop in bounds} == {510}


@given(st.integers(0, 400), st.integers(3, 40), st.data())
def test_windows_of_any_size_and_overlap_cover_every_token(num_tokens, size, data):
    overlap = data.draw(st.integers(0, size - 3))
    bounds = list(window_bounds(num_tokens, max_window_tokens=size, overlap_tokens=overlap))
    covered = {position for start, stop in bounds for position in range(start, stop)}
    assert covered == set(range(num_tokens))
    assert all(0 <= stop - start <= size - 2 for start, stop in bounds)


@pytest.mark.parametrize(
    ("num_tokens", "expected"),
    [
        (0, [(0, 0)]),
        (510, [(0, 510)]),
        (511, [(0, 510), (1, 511)]),
        (892, [(0, 510), (382, 892)]),
        (893, [(0, 510), (382, 892), (383, 893)]),
    ],
)
def test_a_text_is_cut_where_the_room_of_a_window_ends(num_tokens, expected):
    assert list(window_bounds(num_tokens)) == expected


def test_windows_carry_the_markers_and_know_where_they_start(tiny_tokenizer):
    ids = [5 + i % 300 for i in range(600)]
    first, last = tiny_tokenizer.windows(ids)
    for window, start in [(first, 0), (last, 90)]:
        assert window.start == start
        assert len(window.ids) == 512
        assert window.num_text_tokens == 510
        assert window.ids[0] == tiny_tokenizer.first_id
        assert window.ids[-1] == tiny_tokenizer.end_id
        assert list(window.ids[1:-1]) == ids[start : start + 510]


def test_no_tokens_at_all_make_one_window_of_markers(tiny_tokenizer):
    (window,) = tiny_tokenizer.windows([])
    assert window.ids == (tiny_tokenizer.first_id, tiny_tokenizer.end_id)
    assert window.num_text_tokens == 0


@given(st.lists(st.text(max_size=30), max_size=4))
def test_tokens_point_at_the_text_they_stand_for(tiny_tokenizer, texts):
    for text, tokens in zip(texts, tiny_tokenizer.encode(texts), strict=True):
        assert len(tokens.ids) == len(tokens.offsets)
        covered = set()
        for start, end in tokens.offsets:
            assert 0 <= start <= end <= len(text)
            covered |= set(range(start, end))
        assert all(text[i].isspace() for i in set(range(len(text))) - covered)


def test_offsets_count_code_points_and_leave_out_leading_blanks(tiny_tokenizer):
    text = "e\u0301 🙂\r\n income"
    (tokens,) = tiny_tokenizer.encode([text])
    found = list(dict.fromkeys(o for o in tokens.offsets if text[slice(*o)].strip()))
    assert found[:3] == [(0, 1), (1, 2), (3, 4)]  # an emoji is several tokens with one offset
    assert found[3][0] == text.index("i")
    assert found[-1][1] == len(text)


@pytest.mark.parametrize("name", ["<s>", "</s>", "<pad>", "<mask>", "<unk>"])
def test_the_name_of_a_special_token_in_a_text_is_plain_text(tiny_tokenizer, name):
    (tokens,) = tiny_tokenizer.encode([f"a{name}b"])
    assert min(tokens.ids) > tiny_tokenizer.mask_id  # the special tokens have the lowest ids here
    assert tokens.offsets[0] == (0, 1)
    assert tokens.offsets[-1] == (len(name) + 1, len(name) + 2)


def test_a_lone_surrogate_is_read_as_a_replacement_character(tiny_tokenizer):
    broken, replaced = tiny_tokenizer.encode(["a\ud83dz", "a\ufffdz"])
    assert broken == replaced


def test_a_long_text_is_not_truncated_whatever_the_stored_tokenizer_says(tiny_tokenizer):
    content = json.loads(tiny_tokenizer.to_json())
    content["truncation"] = {
        "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    truncating = TextTokenizer(Tokenizer.from_str(json.dumps(content)))
    (tokens,) = truncating.encode(["income " * 50])
    assert len(tokens.ids) >= 50


def test_a_tokenizer_comes_back_from_its_file_as_it_was(tiny_tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(tiny_tokenizer.to_json(), encoding="utf-8")
    loaded = TextTokenizer.from_file(path)
    texts = ["Back-end DTI of 51.2%", "é🙂 <pad>", ""]
    assert loaded.encode(texts) == tiny_tokenizer.encode(texts)
    assert loaded.vocabulary_size == tiny_tokenizer.vocabulary_size == 400


@pytest.mark.parametrize("missing", MARKERS)
def test_a_tokenizer_without_a_special_token_is_refused(missing):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.add_special_tokens([marker for marker in MARKERS if marker != missing])
    with pytest.raises(ArtifactMismatchError, match=f"no token '{missing}': expected a RoBERTa"):
        TextTokenizer(tokenizer)


def combined(**changes):
    windows = {
        "category_WC": torch.tensor([[1.0, -2.0], [3.0, -4.0], [0.5, 0.25]]),
        "reason_WR": torch.tensor([[0.0, -3.0, 1.0], [2.0, -5.0, -1.0], [0.1, 0.2, 0.3]]),
        "risk_W": torch.tensor([1.0, -1.0, 0.7]),
        "denial_W": torch.tensor([-0.5, 2.0, -1.5]),
        "given_denial_WC": torch.tensor([[4.0, -2.5], [3.5, -1.0], [6.0, 5.0]]),
        "text_W": torch.tensor([0, 0, 1]),
        "num_tokens_W": torch.tensor([300, 100, 12]),
        "num_texts": 2,
    }
    return combine_windows(**{**windows, **changes})


def test_a_category_or_reason_is_as_likely_as_in_its_likeliest_window():
    texts = combined()
    assert texts.category_NC.tolist() == [[3.0, -2.0], [0.5, 0.25]]
    torch.testing.assert_close(
        texts.reason_NR, torch.tensor([[2.0, -3.0, 1.0], [0.1, 0.2, 0.3]]), rtol=0, atol=0
    )


def test_a_text_is_denied_where_its_worst_window_is():
    assert combined().denial_N.tolist() == [2.0, -1.5]


def test_a_category_is_given_a_denial_by_the_window_where_it_is_likeliest():
    assert combined().given_denial_NC.tolist() == [[3.5, -2.5], [6.0, 5.0]]


def test_the_risk_of_a_text_is_the_mean_of_its_windows_weighted_by_their_tokens():
    assert combined().risk_N.tolist() == pytest.approx([(300 - 100) / 400, 0.7])


def test_the_windows_of_a_text_need_not_stand_together():
    order = torch.tensor([2, 0, 1])
    straight, shuffled = (
        combined(),
        combined(
            category_WC=torch.tensor([[0.5, 0.25], [1.0, -2.0], [3.0, -4.0]]),
            reason_WR=torch.tensor([[0.1, 0.2, 0.3], [0.0, -3.0, 1.0], [2.0, -5.0, -1.0]]),
            risk_W=torch.tensor([0.7, 1.0, -1.0]),
            denial_W=torch.tensor([-1.5, -0.5, 2.0]),
            given_denial_WC=torch.tensor([[6.0, 5.0], [4.0, -2.5], [3.5, -1.0]]),
            text_W=torch.tensor([0, 0, 1])[order],
            num_tokens_W=torch.tensor([300, 100, 12])[order],
        ),
    )
    assert torch.equal(straight.category_NC, shuffled.category_NC)
    assert torch.equal(straight.reason_NR, shuffled.reason_NR)
    torch.testing.assert_close(straight.risk_N, shuffled.risk_N)
    assert torch.equal(straight.denial_N, shuffled.denial_N)
    assert torch.equal(straight.given_denial_NC, shuffled.given_denial_NC)


def test_only_the_likeliest_window_of_a_text_learns_from_a_category():
    category_WC = torch.tensor([[1.0, -2.0], [3.0, -4.0], [0.5, 0.25]], requires_grad=True)
    combined(category_WC=category_WC).category_NC.sum().backward()
    assert category_WC.grad.tolist() == [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
