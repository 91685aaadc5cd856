"""Lab 01: answers to its epoch of minibatches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator as Rng

from autograder.answers import mistake, variant
from dlcourse.backend import Array
from dlcourse.optim.gradient import Gradient, Schedule


@mistake(
    "minibatch_epoch",
    says="Your rate is read before j is counted up, so the first update has the rate of j, not "
    "that of the next.",
)
def rate_read_before_counting(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        w = w - lr(j) * grad(w, X[rows], d[rows])
        j += 1
    return w, j


@mistake(
    "minibatch_epoch",
    says="The rows that do not fill a batch are left out; they make a last, short batch.",
)
def short_batch_dropped(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You count j once an epoch; it counts updates, of which there is one a batch.",
)
def counted_once_an_epoch(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    j += 1
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="Your j counts rows; it counts updates, of which there is one a batch.",
)
def counted_by_rows(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += len(rows)
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="Your updates start to count at 1 in every epoch; they go on from the j that is handed "
    "in.",
)
def counting_from_one_each_epoch(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for k, start in enumerate(range(0, len(X), batch_size)):
        rows = order[start : start + batch_size]
        w = w - lr(k + 1) * grad(w, X[rows], d[rows])
    return w, j + -(-len(X) // batch_size)


@mistake(
    "minibatch_epoch",
    says="Your batches are cut from the rows as they are stored; shuffle the rows first.",
)
def stored_order(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = np.arange(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You shuffle the batches, but each holds the same neighbours in every epoch; shuffle "
    "the rows.",
)
def blocks_shuffled_rows_not(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    blocks = -(-len(X) // batch_size)
    for block in sorted(rng.permutation(blocks), key=lambda block: block == len(X) // batch_size):
        start = block * batch_size
        j += 1
        w = w - lr(j) * grad(w, X[start : start + batch_size], d[start : start + batch_size])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You draw each batch anew from all rows, so that some come twice and others never.",
)
def rows_drawn_with_replacement(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    for start in range(0, len(X), batch_size):
        rows = rng.integers(len(X), size=min(batch_size, len(X) - start))
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You shuffle the inputs without their targets: a row meets another row's target.",
)
def targets_left_unshuffled(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[start : start + batch_size])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You divide by the rows of the batch, but the gradient that you are given is a mean "
    "already.",
)
def divided_by_the_batch_again(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows]) / len(rows)
    return w, j


@mistake(
    "minibatch_epoch",
    says="Your short last batch takes a smaller step; each batch takes a whole one with its own "
    "mean.",
)
def short_batch_weighted_down(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        step = lr(j) * len(rows) / batch_size
        w = w - step * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="All your gradients are taken at the w from before the epoch; each has to be taken at "
    "the w that the update before it has left.",
)
def gradients_at_the_epochs_start(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    begin = w
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(begin, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You make a generator of your own, so every epoch has the same batches.",
)
def generator_of_its_own(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = np.random.default_rng(1).permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="Your updates change the caller's own w; make a new array of it.",
)
def weights_overwritten(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w -= lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="You make batch_size batches; there should be batch_size rows in each.",
)
def size_taken_as_number(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    for rows in np.array_split(rng.permutation(len(X)), batch_size):
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@mistake(
    "minibatch_epoch",
    says="Your updates turn float32 weights into float64.",
)
def updated_in_float64(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    w = np.array(w, dtype=float)
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        j += 1
        w = w - lr(j) * grad(w, X[rows], d[rows])
    return w, j


@variant("minibatch_epoch")
def rows_put_in_order_first(
    grad: Callable[..., Array],
    w: Array,
    X: Array,
    d: Array,
    batch_size: int,
    lr: Schedule,
    j: int,
    rng: Rng,
) -> tuple[Array, int]:
    order = rng.permutation(len(X))
    X, d = X[order], d[order]
    updates = 0
    for start in range(0, len(X), batch_size):
        part = slice(start, start + batch_size)
        updates += 1
        w = w - lr(j + updates) * grad(w, X=X[part], d=d[part])
    return w, j + updates


@variant("minibatch_epoch")
def indices_shuffled_and_split(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    rows = np.arange(len(X))
    rng.shuffle(rows)
    w = w.copy()
    for part in np.split(rows, range(batch_size, len(X), batch_size)):
        j = j + 1
        w -= lr(j) * grad(w, X[part], d[part])
    return w, j


@variant("minibatch_epoch")
def rows_taken_off_a_list(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    rest = rng.choice(len(X), size=len(X), replace=False).tolist()
    while rest:
        part, rest = rest[:batch_size], rest[batch_size:]
        j = j + 1
        w = w - grad(w, np.take(X, part, axis=0), np.take(d, part, axis=0)) * lr(j)
    return w, j


@variant("minibatch_epoch")
def rows_sorted_by_random_keys(
    grad: Gradient, w: Array, X: Array, d: Array, batch_size: int, lr: Schedule, j: int, rng: Rng
) -> tuple[Array, int]:
    order = np.argsort(rng.random(len(X)))
    count = int(np.ceil(len(X) / batch_size))
    for k in range(count):
        rows = np.sort(order[k * batch_size : (k + 1) * batch_size])
        w = w - lr(j + k + 1) * grad(w, X[rows], d[rows])
    return w, j + count
