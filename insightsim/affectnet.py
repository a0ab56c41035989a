"""The public network that was trained on real faces: where it is, and what may be said of it.

It is not ours and does not come along; `insightsim models fetch face-affectnet` gets it. It is one of
EmotiEffLib's (formerly HSEmotion), an EfficientNet-B0: A. V. Savchenko, arXiv 2103.17107 (2021), and CVPR
Workshops 2022.
"""

from __future__ import annotations

from insightsim.aus import LANDMARKS
from insightsim.cards import Card, FaceNetwork, FaceRecipe, Threshold, Trained

NAME = "face-affectnet"
COMMIT = "520a051c64cd191521e5934655314e769a319684"
FOLDER = f"https://github.com/sb-ai-lab/EmotiEffLib/raw/{COMMIT}/models/affectnet_emotions/onnx"
ADDRESS = f"{FOLDER}/enet_b0_8_va_mtl.onnx"
SHA256 = "c43e056ad388d4a8dc911832b8291435b2af537f967e5870ebd731574ec7e812"
"""As two public projects that use it state it alike."""

LICENCE = (
    "Apache-2.0 (code and weights, as published); trained on AffectNet, which is for research: the chain "
    "does not cleanly reach commercial use"
)
TRAINED_ON = (
    "AffectNet: faces from the web, rated by people for expression, valence and arousal; before that "
    "VGGFace2, to tell people apart"
)
PUBLISHED = (
    "Published (README of EmotiEffLib): 61.93 % of AffectNet's validation pictures given the right one of "
    "eight expressions; nothing about its valence and arousal alone"
)
MAP = "An output of -1 stands for the probability 0, 1 for 1, linear between; nobody has calibrated that"
UNMEASURED = (
    "Not measured by us: no scores, so no skill, and no say in what is fused unless --weight "
    "face-affectnet=w gives it one"
)


def card(sha256: str = SHA256) -> Card:
    """Its card, for the file with this sha256."""
    network = FaceNetwork(
        name="affect",
        size=224,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        n_outputs=10,  # eight expressions, then these
        outputs={"valence": 8, "arousal": 9},
        low=-1.0,
        high=1.0,
    )
    columns = tuple(f"affect_{dimension}" for dimension in network.outputs)
    return Card(
        name=NAME,
        version=f"enet_b0_8_va_mtl of {COMMIT[:7]}",
        licence=LICENCE,
        sha256=sha256,
        recipe=FaceRecipe("face", columns, LANDMARKS, seconds=4.0, step=0.25, features=network),
        threshold=Threshold(),
        trained=Trained(TRAINED_ON, False, 0, 0, 0, 1, 0, "trained on real faces; never measured by us"),
        protocol=f"{UNMEASURED}. {PUBLISHED}. {MAP}.",
        scores={},
        familiar=1.0,
    )
