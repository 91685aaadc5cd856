"""Lab 01's visible checks of gradient descent by all rows, by one row, by minibatches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcourse.checks.lab01_batches import check_each_once, check_random
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
    describe,
)


def gradient_descent(function: object) -> None:
    """Check ``gradient_descent(grad, w, X, d, lr, steps) -> path``."""
    run_properties(
        "gradient_descent",
        function,
        [_path_shape, _path_by_hand, _all_rows_each_update, _no_steps, _path_keeps_float32],
    )


def sgd_epoch(function: object) -> None:
    """Check ``sgd_epoch(grad, w, X, d, lr, j, rng) -> (w, j)``."""
    run_properties(
        "sgd_epoch",
        function,
        [_sgd_returns, _sgd_rows, _sgd_order, _sgd_rates, _sgd_latest_w, _sgd_by_hand],
    )


def minibatch_epoch(function: object) -> None:
    """Check ``minibatch_epoch(grad, w, X, d, batch_size, lr, j, rng) -> (w, j)``."""
    run_properties(
        "minibatch_epoch",
        function,
        [_mini_returns, _mini_rows, _mini_random, _mini_rates, _mini_by_hand],
    )


class _Gradient:
    """The gradient w − mean of d, of the loss ½(w − d)²; remembers what it was asked."""

    def __init__(self, X: np.ndarray, d: np.ndarray) -> None:
        self.X, self.d = X, d
        self.weights: list[np.ndarray] = []
        self.rows: list[list[int]] = []

    def __call__(self, w: Any, X: Any, d: Any) -> np.ndarray:
        for name, value, whole in (("X", X, self.X), ("d", d, self.d)):
            if not isinstance(value, np.ndarray):
                raise CheckError(
                    f"grad got for {name} {describe(value)}; it wants an array of rows"
                )
            if value.ndim != whole.ndim:
                raise CheckError(
                    f"grad got {name} of shape {value.shape}: it wants rows, even where it is one "
                    "row; a slice keeps the first axis, an index drops it"
                )
        check_that(len(X) > 0, "grad got no rows at all: an empty batch")
        check_that(len(X) == len(d), f"grad got {len(X)} rows of X, but {len(d)} of d")
        self.weights.append(np.array(w))
        self.rows.append([self._row(x, target) for x, target in zip(X, d, strict=True)])
        gradient: np.ndarray = np.asarray(w) - d.mean(axis=0)
        return gradient

    def _row(self, x: np.ndarray, target: np.ndarray) -> int:
        found = np.flatnonzero((x == self.X).all(axis=1))
        check_that(len(found) == 1, "grad got an input that is no row of X")
        row = int(found[0])
        if not np.array_equal(self.d[row], target):
            raise CheckError("rows of X and d do not belong together: take both with one index")
        return row

    @property
    def all_rows(self) -> list[int]:
        return [row for rows in self.rows for row in rows]


def _data(T: int, targets: float | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A start w (2,), T distinct rows X (T, 3), and d (T, 2)."""
    rng = np.random.default_rng(11)
    d = rng.normal(size=(T, 2)) if targets is None else np.full((T, 2), targets)
    return np.array([1.0, -2.0]), rng.normal(size=(T, 3)), d


def _check_path(path: object, steps: int, w: np.ndarray) -> np.ndarray:
    if isinstance(path, np.ndarray) and path.shape == w.shape:
        raise CheckError("path: you return the last point only; the whole path is asked for")
    if isinstance(path, list):
        raise CheckError("path: it is a list; stack the points into one array")
    if isinstance(path, np.ndarray) and path.shape == (steps, *w.shape):
        raise CheckError("path: one point is missing; the start counts too")
    check_array(path, (steps + 1, *w.shape), "path")
    assert isinstance(path, np.ndarray)
    return path


def _check_epoch(value: object) -> tuple[np.ndarray, object]:
    w, j = check_tuple(value, 2, "(w, j)")
    check_array(w, (2,), "w")
    assert isinstance(w, np.ndarray)
    return w, j


def _path_shape(function: Function) -> None:
    """The path is one array of steps + 1 points, and the first is w."""
    w, X, d = np.arange(6.0).reshape(2, 3), np.ones((4, 2)), np.ones((4, 3))
    path = _check_path(function(lambda w, X, d: np.ones_like(w), w, X, d, 0.1, 5), 5, w)
    check_that(np.array_equal(path[0], w), "path[0] is not the w that came in")


def _path_by_hand(function: Function) -> None:
    """On L = w²/2 from 1, lr = 0.1 gives 1, 0.9, 0.81, 0.729."""
    w, _, _ = _data(3)
    w = np.array([1.0])
    path = _check_path(function(lambda w, X, d: w, w, np.ones((3, 1)), np.zeros(3), 0.1, 3), 3, w)
    check_that(path[1, 0] <= 1.0, "the first update goes uphill: look at the sign")
    if np.ptp(path) == 0:
        raise CheckError("all points of the path are the same one")
    check_close(path[:, 0], np.array([1.0, 0.9, 0.81, 0.729]), "path")


def _all_rows_each_update(function: Function) -> None:
    """Each update uses the gradient over all rows, at the point where it starts."""
    w, X, d = _data(6)
    grad = _Gradient(X, d)
    path = _check_path(function(grad, w, X, d, 0.3, 4), 4, w)
    check_that(len(grad.rows) > 0, "grad was never called")
    for rows in grad.rows:
        if sorted(rows) != list(range(6)):
            raise CheckError(f"grad was given {len(rows)} rows; batch descent takes all 6 at once")
    for k in range(4):
        asked = any(np.array_equal(path[k], point) for point in grad.weights)
        if not asked:
            raise CheckError(f"no gradient was taken at path[{k}], where update {k + 1} starts")


def _no_steps(function: Function) -> None:
    """With steps = 0 the path is the start alone."""
    w, X, d = _data(3)
    path = _check_path(function(_Gradient(X, d), w, X, d, 0.1, 0), 0, w)
    check_close(path[0], w, "path[0]")


def _path_keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w, X, d = (array.astype(np.float32) for array in _data(3))
    check_array(function(lambda w, X, d: w, w, X, d, 0.1, 2), (3, 2), "path", dtype=np.float32)


def _sgd_returns(function: Function) -> None:
    """It returns w and j, and j has counted one update a row."""
    w, X, d = _data(5)
    _, j = _check_epoch(
        function(_Gradient(X, d), w, X, d, lambda j: 0.1, 7, np.random.default_rng(0))
    )
    check_number(j, "j")
    if j != 12:
        raise CheckError("j: counted wrongly", f"7 updates before, 5 rows now, got {j}")


def _sgd_rows(function: Function) -> None:
    """The gradient sees one row at a time, with its own target, and each row once."""
    w, X, d = _data(5)
    grad = _Gradient(X, d)
    function(grad, w, X, d, lambda j: 0.1, 0, np.random.default_rng(0))
    longest = max((len(rows) for rows in grad.rows), default=0)
    check_that(longest > 0, "grad was never called")
    check_that(longest == 1, f"grad was given {longest} rows at once; SGD gives it one")
    check_each_once(grad.all_rows, 5, "row")


def _sgd_order(function: Function) -> None:
    """The order is one rng.permutation(T), so the seed decides it."""
    T = 12
    w, X, d = _data(T)
    grad = _Gradient(X, d)
    rng = np.random.default_rng(3)
    function(grad, w, X, d, lambda j: 0.1, 0, rng)
    if grad.all_rows == list(range(T)):
        raise CheckError("the rows come in the order in which they are stored: shuffle them")
    twin = np.random.default_rng(3)
    if grad.all_rows != twin.permutation(T).tolist():
        raise CheckError("the order is not that of one permutation drawn from the given rng")
    if rng.bit_generator.state != twin.bit_generator.state:
        raise CheckError("more was drawn from rng than one permutation")


def _sgd_rates(function: Function) -> None:
    """Update number j uses lr(j), and j goes on from where it came in."""
    w, X, d = _data(4)
    asked: list[int] = []
    function(_Gradient(X, d), w, X, d, _recorded_rate(asked), 7, np.random.default_rng(0))
    _check_rates(asked, 7, 4)


def _sgd_latest_w(function: Function) -> None:
    """Every gradient is taken at the w that the update before has left."""
    w, X, d = _data(4)
    grad = _Gradient(X, d)
    last, _ = _check_epoch(function(grad, w, X, d, lambda j: 0.5, 0, np.random.default_rng(1)))
    _check_moving(grad, w, last)


def _sgd_by_hand(function: Function) -> None:
    """On L = w²/2 the rates 1/2, 1/3, 1/4 take w from 1 to 1/4."""
    w, X, d = _data(3, targets=0.0)
    last, _ = _check_epoch(
        function(_Gradient(X, d), w, X, d, lambda j: 1 / (j + 1), 0, np.random.default_rng(0))
    )
    check_that(abs(last[0]) <= 1.0, "w moves uphill: look at the sign of the update")
    check_close(last, w / 4, "w")


def _mini_returns(function: Function) -> None:
    """It returns w and j, and j has counted one update a batch, the short last one too."""
    w, X, d = _data(10)
    _, j = _check_epoch(
        function(_Gradient(X, d), w, X, d, 4, lambda j: 0.1, 7, np.random.default_rng(0))
    )
    check_number(j, "j")
    if j == 17:
        raise CheckError("j: it counts rows; an update is a batch", f"got {j}")
    if j != 10:
        raise CheckError("j: counted wrongly", f"7 updates before, batches of 4, 4, 2, got {j}")


def _mini_rows(function: Function) -> None:
    """Each row is used once, batch_size rows at a time, X and d together."""
    w, X, d = _data(10)
    for batch_size, sizes in ((4, [4, 4, 2]), (10, [10]), (16, [10]), (1, [1] * 10)):
        grad = _Gradient(X, d)
        function(grad, w, X, d, batch_size, lambda j: 0.1, 0, np.random.default_rng(0))
        check_each_once(grad.all_rows, 10, "row")
        found = [len(rows) for rows in grad.rows]
        if found != sizes:
            raise CheckError(
                "grad is given batches of the wrong sizes", f"{found} instead of {sizes}"
            )


def _mini_random(function: Function) -> None:
    """The order comes from rng: the seed decides it, and the next epoch has another."""
    w, X, d = _data(40)

    def order(rng: np.random.Generator) -> list[np.ndarray]:
        grad = _Gradient(X, d)
        function(grad, w, X, d, 8, lambda j: 0.1, 0, rng)
        return [np.array(rows) for rows in grad.rows]

    check_random(order)


def _mini_rates(function: Function) -> None:
    """Update number j uses lr(j), and j goes on from where it came in."""
    w, X, d = _data(10)
    asked: list[int] = []
    function(_Gradient(X, d), w, X, d, 4, _recorded_rate(asked), 7, np.random.default_rng(0))
    _check_rates(asked, 7, 3)


def _mini_by_hand(function: Function) -> None:
    """On L = w²/2 two batches with rates 1/2, 1/3 take w from 1 to 1/3."""
    w, X, d = _data(4, targets=0.0)
    last, _ = _check_epoch(
        function(_Gradient(X, d), w, X, d, 2, lambda j: 1 / (j + 1), 0, np.random.default_rng(0))
    )
    if np.allclose(last, w * 0.625):
        raise CheckError("the steps are too short by the size of the batch: grad is a mean already")
    if np.allclose(last, 0.0):
        raise CheckError("the steps are too long by the size of the batch: grad is a mean, no sum")
    check_that(abs(last[0]) <= 1.0, "w moves uphill: look at the sign of the update")
    check_close(last, w / 3, "w")


def _recorded_rate(asked: list[int]) -> Callable[[int], float]:
    def lr(j: int) -> float:
        check_number(j, "the j that lr is given")
        asked.append(int(j))
        return 0.1

    return lr


def _check_rates(asked: list[int], before: int, updates: int) -> None:
    wanted = list(range(before + 1, before + updates + 1))
    if list(dict.fromkeys(asked)) == wanted:
        return
    check_that(len(asked) > 0, "lr was never called: it is a function of j")
    if asked[0] == before:
        raise CheckError("the first rate is that of the update before: count j up first")
    if asked[0] in (0, 1):
        raise CheckError("the count starts anew; it goes on from the j that came in")
    if len(set(asked)) == 1:
        raise CheckError("all updates use one rate: the count goes up with each update")
    raise CheckError("lr is asked for the wrong updates", f"{asked} instead of {wanted}")


def _check_moving(grad: _Gradient, start: np.ndarray, last: np.ndarray) -> None:
    check_that(len(grad.weights) > 0, "grad was never called")
    if all(np.array_equal(point, start) for point in grad.weights):
        raise CheckError("all gradients are taken at the w that came in: that is a batch update")
    if np.array_equal(last, start):
        raise CheckError("the w that is returned is the one that came in")
    if len({point.tobytes() for point in grad.weights}) < len(grad.weights):
        raise CheckError("two gradients are taken at the same w: update after each row")
