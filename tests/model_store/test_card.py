from model_store.card import render_card


def test_a_card_says_what_the_held_out_texts_set_and_that_all_figures_on_them_flatter(new_artifact):
    manifest = new_artifact().manifest
    calibrates = manifest.model_copy(update={"config": {"held_out_calibrates": True}})
    sentence = (
        "Held-out texts also set the weights of the parts, the calibration and the thresholds, so "
        "all figures on them flatter, micro-F1 and omission most."
    )
    assert sentence in " ".join(render_card(calibrates).split())
    assert sentence not in " ".join(render_card(manifest).split())
