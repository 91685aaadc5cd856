"""Schedules, against their definitions, torch and Riemann's zeta."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import zeta

from dlcourse.optim.schedules import inverse_decay, satisfies_robbins_monro


@given(j=st.integers(0, 10_000), lr0=st.floats(1e-4, 10), decay=st.floats(0, 10))
def test_the_inverse_of_an_inverse_decay_grows_by_the_same_amount_each_update(j, lr0, decay):
    growth = 1 / inverse_decay(j + 1, lr0, decay) - 1 / inverse_decay(j, lr0, decay)
    assert growth == pytest.approx(decay / lr0, rel=1e-5, abs=1e-6 / lr0)
    assert inverse_decay(0, lr0, decay) == lr0


def test_inverse_decay_gives_torch_sgd_its_rates():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda j: 1 / (1 + 0.2 * j))
    for j in range(5):
        assert inverse_decay(j, 0.5, 0.2) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize(
    ("p", "converges"),
    [(-1, False), (0, False), (0.5, False), (0.501, True), (0.75, True), (1, True), (1.001, False)],
)
def test_robbins_monro_holds_from_above_one_half_up_to_one(p, converges):
    assert satisfies_robbins_monro(p) is converges


@given(p=st.floats(0.01, 3.0).filter(lambda p: abs(p - 1) > 1e-6 and abs(p - 0.5) > 1e-6))
def test_robbins_monro_agrees_with_riemanns_zeta(p):
    # Σ j^(−s) is ζ(s, 1), which SciPy gives as infinite or NaN where the series diverges.
    sum_of_rates, sum_of_squares = zeta(p, 1), zeta(2 * p, 1)
    expected = not np.isfinite(sum_of_rates) and bool(np.isfinite(sum_of_squares))
    assert satisfies_robbins_monro(p) == expected


def test_the_answer_for_a_numpy_number_is_a_plain_bool():
    assert satisfies_robbins_monro(np.float64(0.7)) is True
    assert satisfies_robbins_monro(np.float64("nan")) is False
