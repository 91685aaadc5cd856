"""Schedules by epoch against torch's, and the moving average of weights against its closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.optim.averaging import ema_update
from dlcourse.optim.schedules import exponential_decay, plateau_decay, step_decay


def torch_rates(schedule, epochs, lr0):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr0)
    scheduler = schedule(optimizer)
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-4, 10.0), st.floats(0.05, 1.0), st.integers(1, 7))
def test_step_decay_is_torchs_step_lr(lr0, factor, every):
    expected = torch_rates(
        lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=every, gamma=factor), 20, lr0
    )
    ours = [step_decay(epoch, lr0, factor, every) for epoch in range(20)]
    np.testing.assert_allclose(ours, expected, rtol=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-4, 10.0), st.floats(0.0, 1.0))
def test_exponential_decay_is_torchs_exponential_lr(lr0, rate):
    expected = torch_rates(
        lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=math.exp(-rate)), 20, lr0
    )
    ours = [exponential_decay(epoch, lr0, rate) for epoch in range(20)]
    np.testing.assert_allclose(ours, expected, rtol=1e-10)


def reduce_on_plateau(losses, lr, factor, patience, threshold=0.0):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=factor, patience=patience, threshold=threshold, eps=0.0
    )
    for loss in losses:
        scheduler.step(loss)
    return optimizer.param_groups[0]["lr"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 6), max_size=40),
    st.floats(0.1, 0.9),
    st.integers(0, 4),
)
def test_plateau_decay_is_torchs_reduce_lr_on_plateau_at_threshold_zero(losses, factor, patience):
    ours = plateau_decay([float(loss) for loss in losses], 0.3, factor, patience)
    assert ours == pytest.approx(reduce_on_plateau(losses, 0.3, factor, patience), rel=1e-10)


def test_any_strict_improvement_counts_where_torchs_default_wants_a_ten_thousandth():
    losses = [1.0 - 1e-6 * k for k in range(10)]
    assert plateau_decay(losses, 0.3) == 0.3
    assert reduce_on_plateau(losses, 0.3, 0.1, 5, threshold=1e-4) == pytest.approx(0.03)


def test_plateau_decay_lets_patience_epochs_pass_and_cuts_at_the_next():
    assert plateau_decay([1.0] * 6, 1.0, factor=0.5, patience=5) == 1.0
    assert plateau_decay([1.0] * 7, 1.0, factor=0.5, patience=5) == 0.5
    assert plateau_decay([1.0] * 13, 1.0, factor=0.5, patience=5) == 0.25
    assert plateau_decay([], 0.7) == 0.7


def test_the_moving_average_weighs_the_past_by_powers_of_decay():
    weights = np.random.default_rng(0).normal(size=(6, 2, 3))
    average = weights[0]
    for w in weights[1:]:
        average = ema_update(average, w, decay=0.8)
    powers = 0.8 ** np.arange(5, -1, -1) * np.array([1.0] + [0.2] * 5)
    np.testing.assert_allclose(average, np.tensordot(powers, weights, 1), rtol=1e-12)


def test_every_kind_of_array_gives_the_same_average(agrees_with_numpy):
    average, w = np.random.default_rng(0).normal(size=(2, 3, 2))
    agrees_with_numpy(lambda a, b: ema_update(a, b, 0.9), average, w)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.999))
def test_the_moving_average_is_torchs_averaged_model(seed, decay):
    weights = np.random.default_rng(seed).normal(size=(5, 4))
    layer = torch.nn.Linear(4, 1, bias=False, dtype=torch.float64)
    averaged = torch.optim.swa_utils.AveragedModel(
        layer, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    )
    average = weights[0]
    for k, w in enumerate(weights):
        layer.weight.data = torch.tensor(w[None])
        averaged.update_parameters(layer)
        average = ema_update(average, w, decay) if k else average
    np.testing.assert_allclose(averaged.module.weight.detach()[0], average, atol=1e-10)
