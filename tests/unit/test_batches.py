"""Minibatches: partitions of the rows, and how evenly they hold the classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.optim.batches import class_balanced_batches, minibatches

any_labels = st.lists(st.integers(-1, 5), min_size=1, max_size=60)


@given(T=st.integers(0, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 99))
def test_minibatches_are_one_permutation_cut_into_pieces(T, batch_size, seed):
    batches = minibatches(T, batch_size, np.random.default_rng(seed))
    order = np.random.default_rng(seed).permutation(T)
    np.testing.assert_array_equal(np.concatenate([[], *batches]), order)
    assert all(len(rows) == batch_size for rows in batches[:-1])
    assert all(0 < len(rows) <= batch_size for rows in batches)


@given(labels=any_labels, batch_size=st.integers(1, 70), seed=st.integers(0, 99))
@settings(deadline=None)
def test_balanced_batches_are_a_partition_of_as_many_batches_as_minibatches(
    labels, batch_size, seed
):
    labels = np.array(labels)
    batches = class_balanced_batches(labels, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(labels)))
    assert len(batches) == len(minibatches(len(labels), batch_size, np.random.default_rng(0)))
    sizes = [len(rows) for rows in batches]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


@given(labels=any_labels, batch_size=st.integers(1, 70), seed=st.integers(0, 99))
@settings(deadline=None)
def test_the_counts_of_a_class_differ_by_at_most_one_between_balanced_batches(
    labels, batch_size, seed
):
    labels = np.array(labels)
    batches = class_balanced_batches(labels, batch_size, np.random.default_rng(seed))
    for label in np.unique(labels):
        counts = [int((labels[rows] == label).sum()) for rows in batches]
        assert max(counts) - min(counts) <= 1


def test_balanced_batches_come_anew_each_epoch_and_from_the_seed_alone():
    labels, rng = np.arange(40) % 4, np.random.default_rng(0)
    first, second = (class_balanced_batches(labels, 8, rng) for _ in range(2))
    again = class_balanced_batches(labels, 8, np.random.default_rng(0))
    assert any(set(a) != set(b) for a, b in zip(first, second, strict=True))
    np.testing.assert_array_equal(first, again)


def test_every_row_meets_every_other_of_its_class_sooner_or_later():
    labels, rng = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.random.default_rng(0)
    epochs = [class_balanced_batches(labels, 4, rng) for _ in range(60)]
    met = {tuple(sorted(rows[rows < 4])) for batches in epochs for rows in batches}
    assert len(met) == 6


def test_a_balanced_batch_is_not_sorted_by_class():
    labels = np.arange(200) % 2
    (rows,) = class_balanced_batches(labels, 200, np.random.default_rng(0))
    assert 60 < np.count_nonzero(np.diff(labels[rows])) < 140


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_labels_may_be_a_torch_tensor(dtype):
    labels = np.arange(30) % 3
    expected = class_balanced_batches(labels, 7, np.random.default_rng(0))
    batches = class_balanced_batches(torch.tensor(labels, dtype=dtype), 7, np.random.default_rng(0))
    for rows, same in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(rows, same)
        assert torch.zeros(30)[rows].shape == rows.shape


def test_labels_are_left_as_they_were():
    labels = np.array([2, 0, 1, 0, 2, 1])
    class_balanced_batches(labels, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(labels, [2, 0, 1, 0, 2, 1])
