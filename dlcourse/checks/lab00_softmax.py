"""Lab 00's visible checks of softmax and of the cross-entropy under it."""

from __future__ import annotations

import tracemalloc

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_number, check_tuple


def softmax(function: object) -> None:
    """Check ``softmax(z)``."""
    run_properties(
        "softmax",
        function,
        [_softmax_by_hand, _softmax_axis, _softmax_shift, _softmax_far_out, _softmax_float32],
    )


def softmax_backward(function: object) -> None:
    """Check ``softmax_backward(dy, y)``."""
    run_properties(
        "softmax_backward",
        function,
        [
            _back_by_hand,
            _back_rows,
            _back_constant,
            _back_symmetric,
            _back_memory,
            _back_float32,
        ],
    )


def softmax_cross_entropy(function: object) -> None:
    """Check ``softmax_cross_entropy(logits, labels) -> (loss, dlogits)``."""
    run_properties(
        "softmax_cross_entropy",
        function,
        [
            _loss_by_hand,
            _loss_mean,
            _loss_differences,
            _loss_shift,
            _loss_far_out,
            _loss_float32,
        ],
    )


def _softmax_by_hand(function: Function) -> None:
    """(0, ln 2, ln 3) gives 1/6, 2/6, 3/6."""
    y = function(np.log([[1.0, 2.0, 3.0]]))
    check_array(y, (1, 3), "y")
    if np.allclose(y, [[1.0, 2.0, 3.0]]):
        raise CheckError("the exponentials are not divided by their sum")
    check_close(y, np.array([[1.0, 2.0, 3.0]]) / 6, "y")


def _softmax_axis(function: Function) -> None:
    """The last axis sums to 1, be there one, two or three."""
    z = np.random.default_rng(1).normal(size=(3, 3, 3))
    for part in (z[0, 0], z[0], z):
        y = function(part)
        check_array(y, part.shape, f"y for {part.ndim} axes")
        sums = np.asarray(y).sum(axis=-1)
        if not np.allclose(sums, 1.0) and np.allclose(np.sum(y), 1.0):
            raise CheckError("all entries together sum to 1; each row should by itself")
        if not np.allclose(sums, 1.0) and np.allclose(np.asarray(y).sum(axis=0), 1.0):
            raise CheckError("the columns sum to 1; the classes lie along the last axis")
        check_close(np.atleast_1d(sums), np.ones(np.atleast_1d(sums).shape), "the sum of a row")


def _softmax_shift(function: Function) -> None:
    """A number added to a whole row changes nothing, and rows keep to themselves."""
    z = np.random.default_rng(2).normal(size=(4, 5))
    y = function(z)
    check_array(y, z.shape, "y")
    moved = function(z + np.array([[0.0], [3.0], [-7.0], [20.0]]))
    check_close(moved, np.asarray(y), "y of the moved rows")


def _softmax_far_out(function: Function) -> None:
    """At ±10⁴ it is finite, also for a row of large numbers beside a row of small ones."""
    z = np.array([[1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]])
    y = function(z)
    expected = np.array([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    if isinstance(y, np.ndarray) and y.shape == z.shape:
        if not np.isfinite(y[0]).all():
            raise CheckError("exp overflows in a row with 10⁴: which shift changes nothing?")
        if not np.isfinite(y[1]).all() or not y[1].any():
            raise CheckError("a row at −10⁴ is lost: each row needs a shift of its own")
    check_close(y, expected, "y")
    near = function(np.array([[1e4, 1e4 + np.log(3.0)], [-1e4 + np.log(3.0), -1e4]]))
    words = "y where two large entries differ by ln 3"
    check_close(near, np.array([[0.25, 0.75], [0.75, 0.25]]), words)


def _softmax_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    y = function(np.array([[100.0, 100.0], [0.0, 0.0]], dtype=np.float32))
    check_close(y, np.full((2, 2), 0.5, dtype=np.float32), "y", rtol=1e-4)


def _back_by_hand(function: Function) -> None:
    """For y = (1/2, 1/4, 1/4) and dy = (16, 0, 0) it gives (4, −2, −2)."""
    dz = function(np.array([[16.0, 0.0, 0.0]]), np.array([[0.5, 0.25, 0.25]]))
    check_array(dz, (1, 3), "dz")
    if np.allclose(dz, [[4.0, 0.0, 0.0]]):
        raise CheckError(
            "each output is taken for a sigmoid; through the sum every z moves every y"
        )
    if np.allclose(dz, [[8.0, 0.0, 0.0]]):
        raise CheckError("only half of the Jacobian is there: the sum depends on z as well")
    check_close(dz, np.array([[4.0, -2.0, -2.0]]), "dz")


def _back_rows(function: Function) -> None:
    """Rows keep to themselves, and there may be any number of axes before the last."""
    rng = np.random.default_rng(3)
    y, dy = rng.dirichlet(np.ones(4), size=(2, 3)), rng.normal(size=(2, 3, 4))
    dz = function(dy, y)
    check_array(dz, y.shape, "dz")
    for n, m in np.ndindex(2, 3):
        alone = function(dy[n, m : m + 1], y[n, m : m + 1])
        check_close(alone, np.asarray(dz)[n, m : m + 1], "dz of a row, given alone")


def _back_constant(function: Function) -> None:
    """Each row of dz sums to 0, and is 0 where dy is the same for all: y sums to 1 anyhow."""
    rng = np.random.default_rng(4)
    y = rng.dirichlet(np.ones(5), size=3)
    dz = function(rng.normal(size=(3, 5)), y)
    check_array(dz, y.shape, "dz")
    check_close(np.asarray(dz).sum(axis=-1), np.zeros(3), "the sum of a row of dz")
    check_close(function(np.full((3, 5), 7.0), y), np.zeros((3, 5)), "dz for dy = 7 everywhere")


def _back_symmetric(function: Function) -> None:
    """How dz_i depends on dy_j is how dz_j depends on dy_i, and it does."""
    y = np.array([0.1, 0.2, 0.3, 0.4])
    jacobian = function(np.eye(4), np.tile(y, (4, 1)))
    check_array(jacobian, (4, 4), "dz")
    check_close(np.asarray(jacobian).T, np.asarray(jacobian), "the Jacobian's transpose")
    if not np.all(jacobian):
        raise CheckError("some entries of the Jacobian are zero; every z moves every y")


def _back_memory(function: Function) -> None:
    """No Jacobian is formed: 500 classes need no 500 × 500 numbers."""
    y = np.full((4, 500), 1 / 500)
    function(y, y)
    tracemalloc.start()
    try:
        function(y, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > 500 * 500 * 8 // 2:
        raise CheckError(
            "a K × K array is formed; a row of K numbers and one sum are enough",
            f"{peak / 1e6:.1f} MB for 4 rows",
        )


def _back_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    y = np.full((2, 4), 0.25, dtype=np.float32)
    check_array(function(np.ones_like(y), y), y.shape, "dz", dtype=np.float32)


def _loss_and_gradient(value: object, logits: np.ndarray) -> tuple[float, np.ndarray]:
    loss, dlogits = check_tuple(value, 2, "(loss, dlogits)")
    if isinstance(loss, np.ndarray) and loss.shape == logits.shape[:1]:
        raise CheckError("loss: one number a row; the mean over the batch is meant")
    number = check_number(loss, "loss")
    check_array(dlogits, logits.shape, "dlogits", dtype=logits.dtype)
    assert isinstance(dlogits, np.ndarray)
    return number, dlogits


def _loss_by_hand(function: Function) -> None:
    """(0, ln 2, ln 3) with label 2: the loss is ln 2 and dlogits 1/6, 2/6, −3/6."""
    logits = np.log([[1.0, 2.0, 3.0]])
    loss, dlogits = _loss_and_gradient(function(logits, np.array([2])), logits)
    if np.isclose(loss, -np.log(2.0)):
        raise CheckError("the loss is negative: a sign is missing")
    check_close(loss, float(np.log(2.0)), "loss")
    if np.allclose(dlogits, [[-1 / 6, -2 / 6, 3 / 6]]):
        raise CheckError("dlogits points downhill; it should point where the loss rises")
    check_close(dlogits, np.array([[1.0, 2.0, -3.0]]) / 6, "dlogits")


def _loss_mean(function: Function) -> None:
    """Logits of zero cost ln K a row, however many rows: a mean. dlogits has the 1/N too."""
    for n in (1, 4):
        logits = np.zeros((n, 5))
        loss, dlogits = _loss_and_gradient(function(logits, np.arange(n)), logits)
        if n > 1 and np.isclose(loss, n * np.log(5.0)):
            raise CheckError("the loss is a sum over the batch; the mean is meant")
        check_close(loss, float(np.log(5.0)), f"loss of {n} rows")
        if n > 1 and np.isclose(dlogits[0, 1], 0.2):
            raise CheckError("dlogits lacks the 1/N that the mean over the batch brings")
        check_close(dlogits[:, 4], np.full(n, 0.2 / n), f"dlogits of {n} rows, a wrong class")


def _loss_differences(function: Function) -> None:
    """Finite differences of your own loss agree with dlogits."""
    rng = np.random.default_rng(5)
    logits, labels, h = rng.normal(size=(3, 4)), np.array([1, 3, 1]), 1e-5
    _, dlogits = _loss_and_gradient(function(logits, labels), logits)
    slope = np.empty_like(logits)
    for index in np.ndindex(*logits.shape):
        step = np.zeros_like(logits)
        step[index] = h
        above, _ = _loss_and_gradient(function(logits + step, labels), logits)
        below, _ = _loss_and_gradient(function(logits - step, labels), logits)
        slope[index] = (above - below) / (2 * h)
    check_close(dlogits, slope, "dlogits", rtol=1e-5, atol=1e-8)


def _loss_shift(function: Function) -> None:
    """A number added to a whole row of logits changes nothing."""
    rng = np.random.default_rng(6)
    logits, labels = rng.normal(size=(3, 4)), np.array([0, 2, 3])
    loss, dlogits = _loss_and_gradient(function(logits, labels), logits)
    shift = np.array([[5.0], [-9.0], [30.0]])
    moved, dmoved = _loss_and_gradient(function(logits + shift, labels), logits)
    check_close(moved, loss, "loss after the move")
    check_close(dmoved, dlogits, "dlogits after the move")


def _loss_far_out(function: Function) -> None:
    """At ±10⁴ it is finite and right: a sure mistake costs 20000, a sure hit nothing."""
    logits, labels = np.array([[1e4, -1e4], [1e4, -1e4]]), np.array([1, 0])
    loss, dlogits = check_tuple(function(logits, labels), 2, "(loss, dlogits)")
    number = np.asarray(loss)
    value = float(number) if number.ndim == 0 else np.nan
    if not np.isfinite(value):
        raise CheckError(
            "the loss is not finite: take no logarithm of a probability that has become 0"
        )
    if 1.0 < value < 500.0:
        raise CheckError("the loss is cut off: no ε in the logarithm, rather a form without need")
    check_close(loss, 1e4, "loss, the mean of 20000 and 0")
    check_close(dlogits, np.array([[0.5, -0.5], [0.0, 0.0]]), "dlogits")


def _loss_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    logits = np.array([[1e4, -1e4], [0.0, 0.0]], dtype=np.float32)
    loss, _ = _loss_and_gradient(function(logits, np.array([1, 0])), logits)
    check_close(loss, 10000.0 + float(np.log(2.0)) / 2, "loss", rtol=1e-5)
