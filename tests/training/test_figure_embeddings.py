import torch

from model_store.artifact import load_artifact, save_artifact
from model_store.figure_tokens import FigureRanges
from model_store.network import Network
from model_store.predictor import Predictor

RANGES = FigureRanges(edges={"credit_score": (620.0, 720.0), "debt_to_income_ratio": (45.0,)})


def test_ranges_next_to_each_other_begin_alike(tiny_encoder, tiny_tokenizer):
    ranges = FigureRanges(edges={"credit_score": tuple(float(i) for i in range(1, 10))})
    network = Network.from_encoder(tiny_encoder, tokenizer=tiny_tokenizer.with_figures(ranges))
    rows = network.encoder.get_input_embeddings().weight[400:]
    steps = (rows[1:] - rows[:-1]).norm(dim=1)
    assert len(rows) == 10
    torch.testing.assert_close(steps, steps.mean().expand(9), rtol=1e-3, atol=1e-5)
    assert (rows[0] - rows[-1]).norm() > 8 * steps[0]


def test_each_range_of_a_quantity_lies_a_step_of_its_own_from_the_one_before(
    tiny_encoder, tiny_tokenizer
):
    ranges = FigureRanges(edges={"amount": tuple(float(i) for i in range(1, 30))})
    network = Network.from_encoder(tiny_encoder, tokenizer=tiny_tokenizer.with_figures(ranges))
    rows = network.encoder.get_input_embeddings().weight.detach()[400:]
    steps = rows[1:] - rows[:-1]
    steps -= steps.mean(dim=0)  # the line
    assert torch.linalg.matrix_rank(steps) == min(len(steps) - 1, rows.shape[1])
    assert (rows[0] - rows[-1]).norm() > 3 * (rows[1:] - rows[:-1]).norm(dim=1).mean()


def test_a_model_with_figures_is_stored_and_answers_as_before(
    new_artifact, tiny_encoder, tiny_tokenizer, tmp_path
):
    tokenizer = tiny_tokenizer.with_figures(RANGES)
    network = Network.from_encoder(tiny_encoder, tokenizer=tokenizer).eval()
    artifact = new_artifact(network=network, tokenizer=tokenizer)
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    loaded = load_artifact(tmp_path / "model")
    assert loaded.tokenizer.figures == RANGES
    texts = ["FICO 688, DTI 51.2%", "FICO 800, DTI 12%"]
    before = Predictor.from_artifact(artifact).predict(texts)
    after = Predictor.load(tmp_path / "model").predict(texts)
    assert [p.categories for p in after] == [p.categories for p in before]
    assert before[0].num_tokens == len(tiny_tokenizer.encode(texts[:1])[0].ids) + 2
