"""TorchServe's handler for a classifier, in the manner of its Hugging Face example."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from ts.torch_handler.base_handler import BaseHandler


class PlainHandler(BaseHandler):
    """Texts in, logits out; a batch is padded to its longest text."""

    def initialize(self, context):
        """Loads model and tokenizer from what the archive's configuration names."""
        given = context.model_yaml_config["handler"]
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[given["precision"]]
        torch.set_num_threads(given["num_threads"])
        folder = given["model"]
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype).eval()
        self.initialized = True

    def preprocess(self, requests):
        """Reads the texts of a batch of requests."""
        texts = [bytes(each.get("data") or each.get("body")).decode() for each in requests]
        return self.tokenizer(
            texts, padding=True, truncation=True, max_length=512, return_tensors="pt"
        )

    def inference(self, encoded):
        """Computes the logits."""
        with torch.inference_mode():
            return self.model(**encoded).logits.float()

    def postprocess(self, logits):
        """Gives each request its row."""
        return logits.tolist()
