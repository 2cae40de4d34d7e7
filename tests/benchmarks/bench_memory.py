"""Memory of the OpenVINO engine over many shapes of batches.

OpenVINO keeps memory for every new shape. Feeds random windows in random companies and prints the
resident memory as it goes, with the few shapes the engine uses and, for comparison, with whatever
shape comes. Its last line is JSON. Run it once for each layout: memory is never given back.
"""

import argparse
import json
import random
import tempfile
from pathlib import Path

import psutil
from engine_systems import MODELS, SEED, stored_model
from measured import conditions

from model_store.engine.batching import all_shapes
from model_store.engine.choice import converted
from model_store.engine.derived import DerivedModels
from model_store.engine.openvino_backend import OPENVINO_BATCH_TOKENS, OpenVinoEngine
from model_store.engine.runtime import ATTENTION_MASK, INPUT_IDS, openvino_core
from model_store.engine.torch_backend import pad_rows


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="bundled", choices=MODELS)
    parser.add_argument("--layout", default="engine", choices=["engine", "any"])
    parser.add_argument("--steps", type=int, default=400, help="batches (400)")
    parser.add_argument("--threads", type=int, help="CPU threads (one per core)")
    asked = parser.parse_args()
    draw = random.Random(SEED)
    resident: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as work:
        stored = stored_model(asked.model, Path(work))
        network = converted(stored, DerivedModels(Path(work)))
        engine = OpenVinoEngine(
            network.xml, padding_id=1, precision="bf16", num_threads=asked.threads
        )
        plain = openvino_core().compile_model(
            network.xml, "CPU", {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
        )
        request = plain.create_infer_request()
        for step in range(asked.steps):
            num_rows = draw.randint(1, 4)
            rows = [
                [draw.randint(5, 50_000) for _ in range(draw.randint(2, 512))]
                for _ in range(num_rows)
            ]
            if asked.layout == "engine":
                engine.logits(rows)
            else:
                ids_BT, mask_BT = pad_rows(rows, 1, num_columns=max(16, *map(len, rows)))
                request.infer({INPUT_IDS: ids_BT.numpy(), ATTENTION_MASK: mask_BT.numpy()})
            if step % 50 == 0 or step == asked.steps - 1:
                mebibytes = psutil.Process().memory_info().rss >> 20
                resident.append((step + 1, mebibytes))
                print(f"{step + 1:5d} batches: {mebibytes:,} MiB")
    shapes = len(all_shapes(OPENVINO_BATCH_TOKENS))
    figures = {"layout": asked.layout, "most_shapes": shapes}
    print(json.dumps(conditions(asked.model) | figures | {"resident_mib": resident}))


if __name__ == "__main__":
    main()
