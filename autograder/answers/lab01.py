"""Lab 01: answers to its descents, over all rows, over one at a time, over minibatches."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array
from dlcourse.optim.gradient import Gradient, Schedule


@mistake(
    "gradient_descent",
    says="Your steps go along the gradient, where the loss rises; they have to go against it.",
)
def ascent(grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int) -> Array:
    path = [w]
    for _ in range(steps):
        w = w + lr * grad(w, X, d)
        path.append(w)
    return np.stack(path)


@mistake(
    "gradient_descent",
    says="Your path lacks the start: it begins with w as it is before any update.",
)
def path_without_start(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    path = np.empty((steps, *w.shape), w.dtype)
    for k in range(steps):
        w = w - lr * grad(w, X, d)
        path[k] = w
    return path


@mistake(
    "gradient_descent",
    says="Your path ends one update too early: the result of the last one is missing.",
)
def last_update_missing(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    path = [w]
    for _ in range(steps - 1):
        w = w - lr * grad(w, X, d)
        path.append(w)
    return np.stack(path)


@mistake(
    "gradient_descent",
    says="Every entry of your path is one and the same array, so all show the last w: an update "
    "in place changes what you have stored already.",
)
def one_array_stored_again_and_again(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    w = w.copy()
    path = [w]
    for _ in range(steps):
        w -= lr * grad(w, X, d)
        path.append(w)
    return np.stack(path)


@mistake(
    "gradient_descent",
    says="Your gradient is always that at the start; each update needs the gradient at the w "
    "that the one before has reached.",
)
def gradient_of_the_start(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    slope = grad(w, X, d)
    return np.stack([w - k * lr * slope for k in range(steps + 1)])


@mistake(
    "gradient_descent",
    says="You return the last w alone; what is asked for is the path, with every w on the way.",
)
def end_of_the_path(grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int) -> Array:
    for _ in range(steps):
        w = w - lr * grad(w, X, d)
    return w


@mistake(
    "gradient_descent",
    says="You divide by the number of rows, but the gradient that you are given is a mean already.",
)
def divided_by_rows_again(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    path = [w]
    for _ in range(steps):
        w = w - lr * grad(w, X, d) / len(X)
        path.append(w)
    return np.stack(path)


@mistake(
    "gradient_descent",
    says="Your path is float64 whatever w is: the array that you prepare for it takes no dtype "
    "from w.",
)
def path_always_float64(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    path = np.zeros((steps + 1, *w.shape))
    path[0] = w
    for k in range(steps):
        path[k + 1] = path[k] - lr * grad(path[k], X, d)
    return path


@mistake(
    "gradient_descent",
    says="Your path is right, but your updates change the caller's own w.",
)
def start_overwritten(grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int) -> Array:
    path = [w.copy()]
    for _ in range(steps):
        w -= lr * grad(w, X, d)
        path.append(w.copy())
    return np.stack(path)


@mistake(
    "gradient_descent",
    says="Your updates take one row each; batch gradient descent uses all rows for every update.",
)
def one_row_an_update(grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int) -> Array:
    path = [w]
    for k in range(steps):
        i = k % len(X)
        w = w - lr * grad(w, X[i : i + 1], d[i : i + 1])
        path.append(w)
    return np.stack(path)


@variant("gradient_descent")
def path_filled_in_place(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    path = np.empty((steps + 1, *w.shape), dtype=w.dtype)
    path[0] = w
    for before, after in itertools.pairwise(path):
        np.subtract(before, lr * grad(before, X, d), out=after)
    return path


@variant("gradient_descent")
def path_accumulated(
    grad: Callable[..., Array], w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    def update(point: Array, _: int) -> Array:
        return point - lr * grad(w=point, X=X, d=d)

    return np.array(list(itertools.accumulate(range(steps), update, initial=w)))


@variant("gradient_descent")
def path_concatenated(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int, verbose: bool = True
) -> Array:
    path = w[None]
    while len(path) <= steps:
        if verbose:
            print("update", len(path))
        path = np.concatenate([path, path[-1:] - lr * grad(path[-1], X, d)])
    return path


@variant("gradient_descent")
def copy_updated_in_place(
    grad: Gradient, w: Array, X: Array, d: Array, lr: float, steps: int
) -> Array:
    w = np.array(w)
    path = [w.copy()]
    for _ in range(steps):
        w -= lr * grad(w.copy(), X.copy(), d.copy())
        path.append(w.copy())
    return np.asarray(path)


@mistake(
    "sgd_epoch",
    says="Your rate is read before j is counted up, so the first update has the rate of j, not "
    "that of the next.",
)
def rate_read_before_counting(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for i in rng.permutation(len(X)):
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
        j += 1
    return w, j


@mistake(
    "sgd_epoch",
    says="You count from 1 in every epoch; updates are counted on from the j that is handed in.",
)
def counting_from_one_each_epoch(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for k, i in enumerate(rng.permutation(len(X)), start=1):
        w = w - lr(k) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j + len(X)


@mistake(
    "sgd_epoch",
    says="You count j once an epoch; every row makes an update, and every update counts.",
)
def counted_once_an_epoch(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    j += 1
    for i in rng.permutation(len(X)):
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake(
    "sgd_epoch",
    says="The rates are right, but the j that you return is the one that was handed in.",
)
def count_not_handed_on(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for k, i in enumerate(rng.permutation(len(X)), start=1):
        w = w - lr(j + k) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake(
    "sgd_epoch",
    says="You hand the gradient a bare row; it wants a batch of one, with its first axis kept.",
)
def row_without_its_batch_axis(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for i in rng.permutation(len(X)):
        j += 1
        w = w - lr(j) * grad(w, X[i], d[i])
    return w, j


@mistake(
    "sgd_epoch",
    says="Your rows come in the order in which they are stored; each epoch wants an order of its "
    "own from the generator.",
)
def stored_order(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    rng.permutation(len(X))
    for i in range(len(X)):
        j += 1
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake(
    "sgd_epoch",
    says="You draw rows with replacement, so that some come twice and others never.",
)
def rows_drawn_with_replacement(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for i in rng.integers(len(X), size=len(X)):
        j += 1
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake(
    "sgd_epoch",
    says="You shuffle the inputs without their targets: a row meets another row's target.",
)
def targets_left_unshuffled(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for k, i in enumerate(rng.permutation(len(X))):
        j += 1
        w = w - lr(j) * grad(w, X[i : i + 1], d[k : k + 1])
    return w, j


@mistake(
    "sgd_epoch",
    says="All your gradients are taken at the w from before the epoch; each has to be taken at "
    "the w that the update before it has left.",
)
def gradients_at_the_epochs_start(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    start = w
    for i in rng.permutation(len(X)):
        j += 1
        w = w - lr(j) * grad(start, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake(
    "sgd_epoch",
    says="You make a generator of your own, so every epoch has one and the same order.",
)
def generator_of_its_own(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for i in np.random.default_rng(0).permutation(len(X)):
        j += 1
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake("sgd_epoch", says="Your updates change the caller's own w; make a new array of it.")
def weights_overwritten(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    for i in rng.permutation(len(X)):
        j += 1
        w -= lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@mistake("sgd_epoch", says="Your updates turn float32 weights into float64.")
def updated_in_float64(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    w = np.array(w, dtype=float)
    for i in rng.permutation(len(X)):
        j += 1
        w -= lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


@variant("sgd_epoch")
def rows_put_in_order_first(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    order = rng.permutation(X.shape[0])
    inputs, targets = X[order], d[order]
    for k in range(len(order)):
        w = w - lr(j + k + 1) * grad(w, inputs[k : k + 1], targets[k : k + 1])
    return w, j + len(order)


@variant("sgd_epoch")
def rates_listed_first(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    rates = [lr(k) for k in range(j + 1, j + len(X) + 1)]
    for rate, i in zip(rates, rng.permutation(len(X)), strict=True):
        w = w - grad(w, X[i, None], d[i, None]) * rate
    return w, j + len(rates)


@variant("sgd_epoch")
def keywords_and_a_copy_in_place(
    grad: Callable[..., Array], w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    w = w.copy()
    for row in np.split(rng.permutation(len(X)), len(X)):
        j = j + 1
        w -= lr(j) * grad(d=d[row], X=X[row], w=w)
    return w, j


@variant("sgd_epoch")
def counted_by_iterators(
    grad: Gradient, w: Array, X: Array, d: Array, lr: Schedule, j: int, rng: Generator
) -> tuple[Array, int]:
    numbers = itertools.count(j + 1)
    for i in rng.permutation(len(X)).tolist():
        j = next(numbers)
        w = np.subtract(w, np.multiply(lr(j), grad(w, X[[i]], d[[i]])))
    return w, j
