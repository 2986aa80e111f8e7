"""The vectors of proto/vectors, and the packer that made them."""

import json
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto", "vectors")
sys.path.insert(0, FOLDER)
from make import Pairs, Raw, ext, nested, pack, stamp32, stamp64  # noqa: E402,F401


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        vectors = json.load(f)["vectors"]
    for vector in vectors:
        if "hex" in vector:
            vector["bytes"] = bytes.fromhex(vector["hex"])
    return vectors
