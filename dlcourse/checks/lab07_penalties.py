"""Lab 07's visible checks of penalties on weights and activations, and of steps under them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    DType,
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
    describe,
)

Scalar = Callable[[np.ndarray], float]


def l2_penalty(function: object) -> None:
    """Check ``l2_penalty(weights, lam) -> (penalty, grads)``."""
    run_properties(
        "l2_penalty",
        function,
        [_pair_of_penalty_and_grads, _l2_by_hand, _weights_slopes, _l2_grows, _penalty_float32],
    )


def weight_decay_step(function: object) -> None:
    """Check ``weight_decay_step(w, grad, lr, lam)``."""
    run_properties(
        "weight_decay_step",
        function,
        [_decay_without_gradient, _decay_without_lam, _decay_by_hand, _step_float32],
    )


def l1_penalty(function: object) -> None:
    """Check ``l1_penalty(weights, lam) -> (penalty, grads)``."""
    run_properties(
        "l1_penalty",
        function,
        [
            _pair_of_penalty_and_grads,
            _l1_by_hand,
            _weights_slopes,
            _l1_at_zero,
            _penalty_float32,
        ],
    )


def soft_threshold(function: object) -> None:
    """Check ``soft_threshold(w, amount)``."""
    run_properties(
        "soft_threshold",
        function,
        [_soft_small_are_zero, _soft_by_hand, _soft_nothing, _soft_is_the_best, _soft_float32],
    )


def activation_l1(function: object) -> None:
    """Check ``activation_l1(h, lam) -> (penalty, dh)``."""
    run_properties(
        "activation_l1",
        function,
        [
            _activation_by_hand,
            _activation_is_a_mean,
            _activation_slopes,
            _activation_at_zero,
            _activation_float32,
        ],
    )


def noise_penalty(function: object) -> None:
    """Check ``noise_penalty(w, sigma)``."""
    run_properties(
        "noise_penalty",
        function,
        [_noise_number, _noise_by_hand, _noise_by_enumeration, _noise_in_sigma],
    )


def _weights() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(4, 2))]


def _penalty_and_grads(
    function: Function, weights: Sequence[np.ndarray], lam: float, dtype: DType | None = None
) -> tuple[float, list[np.ndarray]]:
    penalty, grads = check_tuple(function(list(weights), lam), 2, "(penalty, grads)")
    number = check_number(penalty, "penalty")
    if not isinstance(grads, list | tuple):
        raise CheckError(f"grads: expected a list of arrays, got {describe(grads)}")
    if len(grads) != len(weights):
        raise CheckError(
            "grads: one array for each array of weights", f"{len(grads)} for {len(weights)}"
        )
    for k, (grad, W) in enumerate(zip(grads, weights, strict=True)):
        check_array(grad, W.shape, f"grads[{k}]", dtype=dtype)
    return number, list(grads)


def _pair_of_penalty_and_grads(function: Function) -> None:
    """It returns one number, and a list with a gradient of each array's shape."""
    _penalty_and_grads(function, _weights(), 0.3)
    _penalty_and_grads(function, _weights()[:1], 0.3)


def _l2_by_hand(function: Function) -> None:
    """Weights (1, −2) and (2) with λ = 0.1: the penalty is 0.45."""
    weights = [np.array([1.0, -2.0]), np.array([[2.0]])]
    penalty, grads = _penalty_and_grads(function, weights, 0.1)
    for wrong, why in (
        (0.9, "it is twice as large as it should be: a factor is missing"),
        (0.25, "only the first array counts"),
        (0.2, "only the last array counts"),
        (0.15, "it is a mean over the weights, and should be a sum"),
        (0.05, "signs cancel: weights of both signs should cost"),
        (4.5, "it does not depend on lam"),
    ):
        if np.isclose(penalty, wrong):
            raise CheckError(f"penalty: {why}", f"got {penalty:.6g}, expected 0.45")
    check_close(penalty, 0.45, "penalty")
    check_close(grads[0], np.array([0.1, -0.2]), "grads[0]")


def _l1_by_hand(function: Function) -> None:
    """Weights (1, −2) and (2) with λ = 0.1: the penalty is 0.5."""
    weights = [np.array([1.0, -2.0]), np.array([[2.0]])]
    penalty, grads = _penalty_and_grads(function, weights, 0.1)
    for wrong, why in (
        (0.25, "it is half as large as it should be: there is no factor but lam"),
        (0.3, "only the first array counts"),
        (0.2, "only the last array counts"),
        (0.1, "signs cancel: weights of both signs should cost"),
        (5.0, "it does not depend on lam"),
    ):
        if np.isclose(penalty, wrong):
            raise CheckError(f"penalty: {why}", f"got {penalty:.6g}, expected 0.5")
    check_close(penalty, 0.5, "penalty")
    check_close(grads[0], np.array([0.1, -0.1]), "grads[0]")


def _weights_slopes(function: Function) -> None:
    """The gradients are the slopes of your own penalty (measured by finite differences)."""
    weights, lam = _weights(), 0.7
    _, grads = _penalty_and_grads(function, weights, lam)
    for k, W in enumerate(weights):

        def cost(changed: np.ndarray, k: int = k) -> float:
            moved = [*weights[:k], changed, *weights[k + 1 :]]
            return _penalty_and_grads(function, moved, lam)[0]

        _check_slopes(cost, W, grads[k], f"grads[{k}]")


def _check_slopes(cost: Scalar, at: np.ndarray, grad: np.ndarray, name: str) -> None:
    """`grad` has the slopes of `cost` in a few directions from `at`."""
    rng = np.random.default_rng(3)
    for _ in range(4):
        direction, h = rng.normal(size=at.shape), 1e-6
        measured = (cost(at + h * direction) - cost(at - h * direction)) / (2 * h)
        told = float((grad * direction).sum())
        if not abs(measured - told) <= 1e-5 * (1 + abs(measured)):
            ratio = told / measured if measured else np.nan
            detail = f"along one direction {told:.5g} instead of {measured:.5g}"
            for factor, why in ((-1.0, "the sign is the wrong way round"), (2.0, "twice too long")):
                if np.isclose(ratio, factor, rtol=1e-4):
                    raise CheckError(f"{name}: {why}", detail)
            raise CheckError(f"{name} is not the derivative of the penalty", detail)


def _l2_grows(function: Function) -> None:
    """Weights twice as large cost four times as much; λ = 0 costs nothing."""
    weights = _weights()
    once = _penalty_and_grads(function, weights, 0.2)[0]
    twice = _penalty_and_grads(function, [2 * W for W in weights], 0.2)[0]
    check_close(twice, 4 * once, "the penalty of weights twice as large")
    check_close(_penalty_and_grads(function, weights, 0.0)[0], 0.0, "the penalty for lam = 0")


def _penalty_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    weights = [W.astype(np.float32) for W in _weights()]
    _penalty_and_grads(function, weights, 0.3, dtype=np.float32)


def _l1_at_zero(function: Function) -> None:
    """At a weight of exactly zero, where |w| has a kink, the gradient is 0."""
    weights = [np.array([0.0, 3.0, -0.5])]
    with np.errstate(invalid="ignore", divide="ignore"):
        _, grads = _penalty_and_grads(function, weights, 0.5)
    check_close(grads[0][0], 0.0, "the gradient at zero")
    check_close(grads[0], np.array([0.0, 0.5, -0.5]), "grads[0]")


def _decay_without_gradient(function: Function) -> None:
    """Without a gradient the weights shrink: 2 becomes 1.9 with η = 0.1 and λ = 0.5."""
    w = np.array([2.0, -4.0])
    got = function(w, np.zeros(2), 0.1, 0.5)
    check_array(got, (2,), "w")
    for wrong, why in (
        (1.05, "the weights grow instead of shrinking"),
        (0.5, "the decay does not depend on lr: it is a step like any other"),
        (1.0, "the weights stay as they are: nothing decays"),
        (0.9, "the decay does not depend on lam"),
        (0.975, "there is a factor ½ that the gradient of the penalty does not have"),
    ):
        if np.allclose(got, wrong * w):
            raise CheckError(why, f"from 2 to {float(got[0]):.4g}")
    check_close(got, 0.95 * w, "w")


def _decay_without_lam(function: Function) -> None:
    """With λ = 0 it is a plain step of gradient descent."""
    w, grad = np.array([[1.0, -2.0]]), np.array([[3.0, 0.5]])
    got = function(w, grad, 0.1, 0.0)
    check_array(got, w.shape, "w")
    check_that(not np.allclose(got, w + 0.1 * grad), "the step goes uphill")
    check_close(got, np.array([[0.7, -2.05]]), "w")


def _decay_by_hand(function: Function) -> None:
    """From 2, gradient 4, η = 0.1, λ = 0.5: 1.9 by decay, and 0.4 less by the gradient."""
    got = function(np.array([2.0]), np.array([4.0]), 0.1, 0.5)
    check_array(got, (1,), "w")
    if np.allclose(got, 1.52):
        raise CheckError("the gradient's part decays too; only the old weights should")
    check_close(got, np.array([1.5]), "w")


def _step_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones((2, 3), dtype=np.float32)
    check_array(function(w, w, 0.1, 0.01), (2, 3), "w", dtype=np.float32)


def _soft_small_are_zero(function: Function) -> None:
    """Entries no larger than amount become exactly 0, whatever their sign."""
    w = np.array([0.4, -0.4, 1.0, -1.0, 0.0])
    got = function(w, 1.0)
    check_array(got, (5,), "w")
    if (got * w < 0).any():
        raise CheckError("an entry jumps over zero to the other side; zero is where it stops")
    if (got != 0).any():
        raise CheckError("not exactly 0", f"{w[got != 0][0]} becomes {float(got[got != 0][0]):.4g}")


def _soft_by_hand(function: Function) -> None:
    """(3, −2.5, 0.5) moved by 1 towards zero: (2, −1.5, 0)."""
    w = np.array([[3.0, -2.5, 0.5]])
    got = function(w, 1.0)
    check_array(got, (1, 3), "w")
    if np.allclose(got, [[3.0, -2.5, 0.0]]):
        raise CheckError("the large entries stay where they are; they move towards zero as well")
    if np.allclose(got, [[2.0, 0.0, 0.0]]):
        raise CheckError("negative entries are lost")
    if np.allclose(got, [[4.0, -3.5, 0.0]]):
        raise CheckError("the large entries move away from zero")
    check_close(got, np.array([[2.0, -1.5, 0.0]]), "w")


def _soft_nothing(function: Function) -> None:
    """With amount = 0 nothing moves."""
    w = np.random.default_rng(1).normal(size=(2, 2, 3))
    check_close(function(w, 0.0), w, "w")


def _soft_is_the_best(function: Function) -> None:
    """The result u makes ½(u − w)² + amount·|u| as small as any number does."""
    w, amount = np.array([1.7, 0.2, -0.9, -0.3]), 0.6
    u = function(w, amount)
    check_array(u, (4,), "w")
    tried = np.linspace(-2.0, 2.0, 4001)[:, None]
    least = (0.5 * (tried - w) ** 2 + amount * np.abs(tried)).min(axis=0)
    excess = 0.5 * (u - w) ** 2 + amount * np.abs(u) - least
    if excess.max() > 1e-6:
        k = int(excess.argmax())
        raise CheckError(
            "another number is better", f"w = {w[k]}: yours, {u[k]:.4g}, is {excess[k]:.3g} above"
        )


def _soft_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    check_array(function(w, 0.25), (2, 3), "w", dtype=np.float32)


def _activations() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(5, 3))


def _penalty_and_dh(
    function: Function, h: np.ndarray, lam: float, dtype: DType | None = None
) -> tuple[float, np.ndarray]:
    penalty, dh = check_tuple(function(h, lam), 2, "(penalty, dh)")
    number = check_number(penalty, "penalty")
    check_array(dh, h.shape, "dh", dtype=dtype)
    assert isinstance(dh, np.ndarray)
    return number, dh


def _activation_by_hand(function: Function) -> None:
    """Two rows, (1, −2, 0) and (3, 0, 0), with λ = 0.1: the penalty is 0.3."""
    h = np.array([[1.0, -2.0, 0.0], [3.0, 0.0, 0.0]])
    penalty, dh = _penalty_and_dh(function, h, 0.1)
    for wrong, why in (
        (0.6, "it is a sum over the rows; of rows take the mean"),
        (0.1, "it is a mean over the units as well; over the units of a row, add up"),
        (0.2, "rows and units are exchanged: N is the first axis"),
        (3.0, "it does not depend on lam"),
    ):
        if np.isclose(penalty, wrong):
            raise CheckError(f"penalty: {why}", f"got {penalty:.6g}, expected 0.3")
    check_close(penalty, 0.3, "penalty")
    check_close(dh[:, 0], np.array([0.05, 0.05]), "dh, first unit")


def _activation_is_a_mean(function: Function) -> None:
    """The same rows twice over cost the same, and each has half the slope; any shape (N, …)."""
    for shape in ((4, 3), (2, 3, 2, 2)):
        h = np.random.default_rng(5).normal(size=shape)
        penalty, dh = _penalty_and_dh(function, h, 0.4)
        twice, dh_twice = _penalty_and_dh(function, np.concatenate([h, h]), 0.4)
        check_close(twice, penalty, "the penalty of the rows twice over")
        check_close(dh_twice[: len(h)], dh / 2, "dh of the rows twice over")


def _activation_slopes(function: Function) -> None:
    """The slopes of your own penalty are in dh (measured by finite differences)."""
    h, lam = _activations(), 0.7
    _, dh = _penalty_and_dh(function, h, lam)
    _check_slopes(lambda changed: _penalty_and_dh(function, changed, lam)[0], h, dh, "dh")


def _activation_at_zero(function: Function) -> None:
    """At an activation of exactly zero the gradient is 0."""
    h = np.array([[0.0, 2.0], [-1.0, 0.0]])
    with np.errstate(invalid="ignore", divide="ignore"):
        _, dh = _penalty_and_dh(function, h, 0.5)
    check_close(dh, np.array([[0.0, 0.25], [-0.25, 0.0]]), "dh")


def _activation_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    _penalty_and_dh(function, _activations().astype(np.float32), 0.3, dtype=np.float32)


def _noise_number(function: Function) -> None:
    """It is one number, whatever the shape of w; without noise it is 0."""
    for shape in ((3,), (3, 1), (2, 2, 2)):
        w = np.random.default_rng(0).normal(size=shape)
        check_number(function(w, 0.5), f"the penalty of weights {shape}")
        check_close(function(w, 0.0), 0.0, "the penalty for sigma = 0")


def _noise_by_hand(function: Function) -> None:
    """For w = (1, −2) and σ = 0.3 it is 0.45."""
    got = check_number(function(np.array([1.0, -2.0]), 0.3), "the penalty")
    for wrong, why in (
        (1.5, "it grows with σ itself; noise adds up by its variance"),
        (0.225, "it is half as large as it should be"),
        (0.09, "signs cancel: the noise of each input is its own, so nothing cancels"),
        (0.27, "it grows with |w|; how does a squared error grow?"),
    ):
        if np.isclose(got, wrong):
            raise CheckError(f"the penalty: {why}", f"got {got:.6g}, expected 0.45")
    check_close(got, 0.45, "the penalty")


def _noise_by_enumeration(function: Function) -> None:
    """It is what noise of ±σ adds to (w·x − d)², averaged over every choice of signs."""
    rng = np.random.default_rng(7)
    w, x, d, sigma = rng.normal(size=5), rng.normal(size=5), 0.4, 0.8
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=5)))
    noisy = (((x + sigma * signs) @ w - d) ** 2).mean()
    check_close(function(w, sigma), float(noisy - (x @ w - d) ** 2), "the penalty")


def _noise_in_sigma(function: Function) -> None:
    """Twice the noise costs four times as much."""
    w = np.array([[0.5, -1.0], [2.0, 0.0]])
    once, twice = (check_number(function(w, s), "the penalty") for s in (0.2, 0.4))
    check_that(once > 0, "the penalty of weights that are not zero is not above zero")
    check_close(twice, 4 * once, "the penalty for twice the noise")
