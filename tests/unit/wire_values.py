"""Every kind of value that the wire takes, as Hypothesis draws them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.sandbox.wire import (
    DTYPES,
)

dtypes = st.sampled_from(sorted(DTYPES)).map(np.dtype)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**64) + 1, 2**64 - 1)
arrays = npst.arrays(dtypes, npst.array_shapes(min_dims=0, min_side=0, max_side=3))
scalars = npst.arrays(dtypes, ()).map(lambda array: array[()])
labels = st.integers(0, 9).map(np.int64)
keys = st.one_of(st.none(), st.booleans(), numbers, st.floats(allow_nan=False), words, labels)
generators = st.integers(0, 2**32).map(np.random.default_rng)
leaves = st.one_of(
    *(st.none(), st.booleans(), numbers, st.floats(), words),
    *(arrays, scalars, generators),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(keys, max_size=4),
        st.dictionaries(st.one_of(keys, st.tuples(keys, keys)), inner, max_size=4),
    ),
    max_leaves=12,
)
