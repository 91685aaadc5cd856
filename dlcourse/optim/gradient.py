"""Gradient descent: all rows at once, one at a time, or a minibatch at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcourse.backend import Array, namespace

Gradient = Callable[[Array, Array, Array], Array]
"""``grad(w, X, d)``: the mean gradient of the loss over the rows X (n, D) with targets d (n, …)."""
Schedule = Callable[[int], float]
"""``lr(j)``: the learning rate of update number j, counted from 1."""


def gradient_descent(grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int) -> Array:
    """Batch gradient descent: `steps` updates, each from the gradient over all rows.

    w ← w − lr·∇L(w)

    Args:
        grad: ``grad(w, X, d)``, the mean gradient over the rows, same shape as w.
        w: where to start, any shape.
        X: (T, D), the inputs.
        d: (T, …), their targets.
        lr: the learning rate η.
        steps: the number of updates.

    Returns:
        The path, (steps+1, *w.shape): the start, then w after each update.

    Source: 001, "Quick Recap: Training networks by gradient descent".
    """
    xp = namespace(w)
    path = [w]
    for _ in range(steps):
        w = w - lr * grad(w, X, d)
        path.append(w)
    return xp.stack(path)


def sgd_epoch(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: np.random.Generator
) -> tuple[Array, int]:
    """One pass of stochastic gradient descent: an update from each row, in random order.

    Args:
        grad: ``grad(w, X, d)``; called with one row, as ``X[i:i+1], d[i:i+1]``.
        w: where to start, any shape.
        X: (T, D), the inputs.
        d: (T, …), their targets.
        lr: the schedule; update number j uses ``lr(j)``.
        j: the updates made before this epoch; it is counted up before each update.
        rng: gives the order, by one ``rng.permutation(T)``.

    Returns:
        ``(w, j)``: w after T updates, and j + T.

    Source: 000 and 001, "Incremental Update: Stochastic Gradient Descent".
    """
    for i in rng.permutation(X.shape[0]):
        j += 1
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


def minibatch_epoch(
    grad: Gradient,
    w: Array,
    X: Array,
    d: Array,
    batch_size: int,
    lr: Schedule,
    j: int,
    rng: np.random.Generator,
) -> tuple[Array, int]:
    """One pass of minibatch gradient descent: an update from every `batch_size` rows.

    w ← w − lr(j)·∇L_B(w), with ∇L_B the mean gradient over the rows of the minibatch B

    A batch size of 1 is `sgd_epoch`, one of T (or more) a step of `gradient_descent`.

    Args:
        grad: ``grad(w, X, d)``, the mean gradient over the rows that it is given.
        w: where to start, any shape.
        X: (T, D), the inputs.
        d: (T, …), their targets.
        batch_size: b, the rows of a minibatch; the last takes what is left.
        lr: the schedule; update number j uses ``lr(j)``.
        j: the updates made before this epoch; it is counted up before each update.
        rng: gives the order, by one ``rng.permutation(T)``, which is cut into pieces of b.

    Returns:
        ``(w, j)``: w after ⌈T/b⌉ updates, and j + ⌈T/b⌉.

    Source: 000 and 002, "Incremental Update: Mini-batch update".
    """
    T = X.shape[0]
    order = rng.permutation(T)
    for start in range(0, T, batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j
