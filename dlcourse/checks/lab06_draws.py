"""Lab 06's visible checks of the functions that draw weights.

What is random is looked at in one large draw: its bounds lie ten standard errors out, so that a
right function passes with any generator.
"""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_that


def xavier_uniform(function: object) -> None:
    """Check ``xavier_uniform(fan_in, fan_out, rng)``."""
    run_properties(
        "xavier_uniform",
        function,
        [_shape, _from_rng, _centred, _flat, _xavier_range, _xavier_both_ways],
    )


def sigmoid_uniform(function: object) -> None:
    """Check ``sigmoid_uniform(fan_in, fan_out, rng)``."""
    run_properties(
        "sigmoid_uniform",
        function,
        [_shape, _from_rng, _centred, _flat, _sigmoid_range, _sigmoid_both_ways],
    )


def lecun_normal(function: object) -> None:
    """Check ``lecun_normal(fan_in, fan_out, rng)``."""
    run_properties("lecun_normal", function, [_shape, _from_rng, _centred, _bell, _lecun_variance])


def he_normal(function: object) -> None:
    """Check ``he_normal(fan_in, fan_out, rng)``."""
    run_properties("he_normal", function, [_shape, _from_rng, _centred, _bell, _he_variance])


def orthogonal_init(function: object) -> None:
    """Check ``orthogonal_init(fan_in, fan_out, rng)``."""
    run_properties(
        "orthogonal_init",
        function,
        [_shape, _from_rng, _columns, _rows, _lengths, _signs, _mirrors],
    )


def _draw(function: Function, fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    W = function(fan_in, fan_out, rng)
    if fan_in != fan_out and isinstance(W, np.ndarray) and W.shape == (fan_out, fan_in):
        raise CheckError("the weights: rows and columns are exchanged; the inputs come first")
    check_array(W, (fan_in, fan_out), "the weights", dtype=np.float64)
    return np.asarray(W)


def _large(function: Function, fan_in: int = 200, fan_out: int = 400) -> np.ndarray:
    return _draw(function, fan_in, fan_out, np.random.default_rng(0))


def _shape(function: Function) -> None:
    """It returns float64 weights (fan_in, fan_out)."""
    for fan_in, fan_out in ((7, 3), (2, 5), (4, 4), (1, 1)):
        _draw(function, fan_in, fan_out, np.random.default_rng(1))


def _from_rng(function: Function) -> None:
    """Weights come from the rng alone: equal seeds give equal weights, each draw is new."""
    rng = np.random.default_rng(5)
    first, second = _draw(function, 8, 6, rng), _draw(function, 8, 6, rng)
    again = _draw(function, 8, 6, np.random.default_rng(5))
    if np.array_equal(first, second):
        raise CheckError("two draws from one rng are equal: do you make a generator of your own?")
    check_that(np.array_equal(first, again), "equal seeds differ: draw from the rng given only")


def _centred(function: Function) -> None:
    """Weights of both signs, about zero, each with a draw of its own."""
    W = _large(function)
    check_that(W.std() > 0, "all weights are equal: they would make twins")
    check_that(np.unique(W).size > 0.99 * W.size, "weights recur: one draw for each is wanted")
    error = abs(float(W.mean())) / float(W.std())
    check_that(error < 10 / W.size**0.5, "the mean is not zero", f"it is {W.mean():.3g}")


def _flatness(W: np.ndarray) -> float:
    """E[w⁴]/E[w²]²: 1.8 for a uniform distribution, 3 for a normal one."""
    check_that(bool(W.any()), "all weights are zero")
    return float((W**4).mean() / (W**2).mean() ** 2)


def _flat(function: Function) -> None:
    """The distribution is uniform."""
    flatness = _flatness(_large(function))
    if abs(flatness - 3.0) < 0.2:
        raise CheckError("the distribution: this looks like a normal one")
    check_that(abs(flatness - 1.8) < 0.05, "the distribution is not uniform")


def _bell(function: Function) -> None:
    """The distribution is normal."""
    flatness = _flatness(_large(function))
    if abs(flatness - 1.8) < 0.05:
        raise CheckError("the distribution: this looks like a uniform one")
    check_that(abs(flatness - 3.0) < 0.2, "the distribution is not normal")


def _fills(W: np.ndarray, limit: float, fans: str) -> None:
    widest = float(np.abs(W).max())
    for wide, reason in ((widest > 1.0001 * limit, "wide"), (widest < 0.999 * limit, "narrow")):
        if wide:
            raise CheckError(
                f"{fans}: the range is too {reason}", f"it reaches {widest:.4g}, not {limit:.4g}"
            )


def _xavier_range(function: Function) -> None:
    """200 inputs and 400 outputs, or the other way round: from −0.1 to 0.1."""
    _fills(_large(function), 0.1, "fan_in = 200, fan_out = 400")
    _fills(_large(function, 400, 200), 0.1, "fan_in = 400, fan_out = 200")


def _sigmoid_range(function: Function) -> None:
    """200 inputs and 400 outputs, or the other way round: from −0.4 to 0.4."""
    _fills(_large(function), 0.4, "fan_in = 200, fan_out = 400")
    _fills(_large(function, 400, 200), 0.4, "fan_in = 400, fan_out = 200")


def _growth(W: np.ndarray) -> tuple[float, float]:
    """By what W multiplies the mean square of independent signals: forward, and on the way back."""
    return float((W**2).sum(axis=0).mean()), float((W**2).sum(axis=1).mean())


def _near(growth: float, wanted: float, what: str) -> None:
    if not abs(growth - wanted) < 0.05 * wanted:
        size = "large" if growth > wanted else "small"
        raise CheckError(
            f"{what}: the weights are too {size}",
            f"the mean square is multiplied by {growth:.3g}, not {wanted:.3g}",
        )


def _xavier_both_ways(function: Function) -> None:
    """A compromise: what the signal gains going forward it loses on the way back, mean 1."""
    for fan_in, fan_out in ((100, 500), (600, 150)):
        forward, back = _growth(_large(function, fan_in, fan_out))
        name = f"fan_in = {fan_in}, fan_out = {fan_out}, mean of both ways"
        _near((forward + back) / 2, 1.0, name)


def _sigmoid_both_ways(function: Function) -> None:
    """Sixteen times the variance of tanh's: the sigmoid's slope at 0 is a quarter."""
    for fan_in, fan_out in ((100, 500), (600, 150)):
        forward, back = _growth(_large(function, fan_in, fan_out))
        name = f"fan_in = {fan_in}, fan_out = {fan_out}, mean of both ways"
        _near((forward + back) / 2, 16.0, name)


def _lecun_variance(function: Function) -> None:
    """Inputs of variance 1 give sums z of variance 1, whatever the widths."""
    for fan_in, fan_out in ((100, 500), (600, 150), (2, 20_000)):
        forward, back = _growth(_large(function, fan_in, fan_out))
        if abs(back - 1.0) < 0.05:
            raise CheckError("the gradient's variance is kept, not the signal's: which fan is it?")
        _near(forward, 1.0, f"fan_in = {fan_in}, fan_out = {fan_out}")


def _he_variance(function: Function) -> None:
    """Inputs with E[x²] = 1 give E[z²] = 2, of which ReLU leaves 1, whatever the widths."""
    for fan_in, fan_out in ((100, 500), (600, 150), (2, 20_000)):
        forward, back = _growth(_large(function, fan_in, fan_out))
        if abs(back - 2.0) < 0.1:
            raise CheckError("this suits the way back, not the way forward: which fan is it?")
        if fan_in > 2 and abs(forward * fan_in - 4.0) < 0.2:
            raise CheckError("the standard deviation is what should be the variance")
        _near(forward, 2.0, f"fan_in = {fan_in}, fan_out = {fan_out}")


def _orthonormal(gram: np.ndarray, which: str) -> None:
    lengths = np.sqrt(np.diagonal(gram))
    check_that(
        np.allclose(lengths, 1.0, atol=1e-9),
        f"the {which} do not have length 1",
        f"the first has {lengths[0]:.4g}",
    )
    check_that(
        np.allclose(gram, np.eye(len(gram)), atol=1e-9),
        f"the {which} are not at right angles to each other",
    )


def _columns(function: Function) -> None:
    """With at least as many inputs as outputs, the columns are orthonormal."""
    for fan_in, fan_out in ((6, 6), (9, 4), (3, 1)):
        W = _draw(function, fan_in, fan_out, np.random.default_rng(2))
        _orthonormal(W.T @ W, "columns")


def _rows(function: Function) -> None:
    """With fewer inputs than outputs, the rows are orthonormal."""
    for fan_in, fan_out in ((4, 9), (1, 3)):
        W = _draw(function, fan_in, fan_out, np.random.default_rng(2))
        _orthonormal(W @ W.T, "rows")


def _lengths(function: Function) -> None:
    """A square one leaves the length of a signal as it is, forward and back."""
    W = _draw(function, 5, 5, np.random.default_rng(3))
    x = np.array([3.0, -1.0, 2.0, 0.5, 4.0])
    for moved in (x @ W, x @ W.T):
        check_that(abs(np.linalg.norm(moved) - np.linalg.norm(x)) < 1e-9, "the length is changed")


def _many(function: Function, fan_in: int, fan_out: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.stack([_draw(function, fan_in, fan_out, rng) for _ in range(400)])


def _signs(function: Function) -> None:
    """Over many draws each entry is positive as often as negative."""
    for fan_in, fan_out in ((3, 3), (2, 3)):
        means = _many(function, fan_in, fan_out).mean(axis=0)
        worst = np.unravel_index(np.argmax(np.abs(means)), means.shape)
        where = f"W[{worst[0]}, {worst[1]}] of ({fan_in}, {fan_out})"
        check_that(
            np.abs(means).max() < 0.25,
            "an entry prefers a sign: the factorization chose it, not chance; R tells which",
            f"the mean of {where} over 400 draws is {means[worst]:.2f}",
        )


def _mirrors(function: Function) -> None:
    """Over many draws half are rotations, and half are rotations with a reflection."""
    share = float((np.linalg.det(_many(function, 3, 3)) > 0).mean())
    check_that(
        abs(share - 0.5) < 0.2,
        "the signs of the columns are not left to chance",
        f"{share:.0%} of 400 draws are rotations",
    )
