"""Lab 01's visible checks: what they tell of wrong answers, and that right ones pass."""

import math

import numpy as np
from visible_checks import VisibleChecks

from dlcourse import kmeans
from dlcourse.checks import lab01
from dlcourse.optim import averaging, batches, gradient, schedules


def _stored_order(grad, w, X, d, lr, j, rng):
    for i in range(len(X)):
        j += 1
        w = w - lr(j) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j


def _sgd(index=lambda i: slice(i, i + 1), sign=1.0, late=False, stale=False, order=None):
    """One pass of SGD with one thing done wrong."""

    def sgd_epoch(grad, w, X, d, lr, j, rng):
        start = w
        for i in (order or (lambda rng, T: rng.permutation(T)))(rng, len(X)):
            j += 0 if late else 1
            w = w - sign * lr(j) * grad(start if stale else w, X[index(i)], d[index(i)])
            j += 1 if late else 0
        return w, j

    return sgd_epoch


def _restarts_the_count(grad, w, X, d, lr, j, rng):
    for k, i in enumerate(rng.permutation(len(X)), start=1):
        w = w - lr(k) * grad(w, X[i : i + 1], d[i : i + 1])
    return w, j + len(X)


def _mini(scale=1.0, drop=False, count_rows=False, mixed=False):
    """One pass in minibatches with one thing done wrong."""

    def minibatch_epoch(grad, w, X, d, batch_size, lr, j, rng):
        order = rng.permutation(len(X))
        stop = len(X) - len(X) % batch_size if drop else len(X)
        for start in range(0, stop, batch_size):
            rows = order[start : start + batch_size]
            j += len(rows) if count_rows else 1
            targets = d[start : start + batch_size] if mixed else d[rows]
            w = w - lr(j) * grad(w, X[rows], targets) * len(rows) ** scale / len(rows)
        return w, j

    return minibatch_epoch


def _balanced(batches):
    return lambda labels, batch_size, rng: batches(np.asarray(labels), batch_size, rng)


def _cut(order, size):
    return [order[i : i + size] for i in range(0, len(order), size)]


def _labels(X, centers, power=2, far=False):
    distance = (np.abs(X[:, None] - centers) ** power).sum(axis=-1)
    return distance.argmax(axis=1) if far else distance.argmin(axis=1)


def _lloyd(X, centers):
    labels = _labels(X, centers)
    return np.stack([X[labels == k].mean(axis=0) for k in range(len(centers))])


def _lloyd_zeros(X, centers):
    labels = _labels(X, centers)
    moved = np.zeros_like(centers)
    for k in set(labels):
        moved[k] = X[labels == k].mean(axis=0)
    return moved


def _kmeans_sgd(add_after=False, away=False, all_move=False):
    def kmeans_sgd_step(x, centers, counts):
        centers, counts = centers.copy(), counts.copy()
        k = int(((centers - x) ** 2).sum(axis=1).argmin())
        if not add_after:
            counts[k] += 1
        which = slice(None) if all_move else k
        step = (x - centers[which]) / max(counts[k], 1)
        centers[which] += -step if away else step
        if add_after:
            counts[k] += 1
        return centers, counts

    return kmeans_sgd_step


def _kmeans_mini(forget=False, divide_empty=False):
    def kmeans_minibatch_step(X, centers, counts):
        labels, centers, counts = _labels(X, centers), centers.copy(), counts.copy()
        for k in range(len(centers)):
            rows = X[labels == k]
            if len(rows) == 0 and not divide_empty:
                continue
            before = 0 if forget else counts[k]
            with np.errstate(invalid="ignore"):
                centers[k] = (before * centers[k] + rows.sum(axis=0)) / (before + len(rows))
            counts[k] += len(rows)
        return centers, counts

    return kmeans_minibatch_step


def _one_after_the_other(X, centers, counts):
    for x in X:
        centers, counts = _kmeans_sgd()(x, centers, counts)
    return centers, counts


def _path(grad, w, X, d, lr, steps, sign=1.0, first=True, rows=slice(None)):
    path = [w] if first else []
    for _ in range(steps):
        w = w - sign * lr * grad(w, X[rows], d[rows])
        path.append(w)
    return np.array(path)


def _in_place_path(grad, w, X, d, lr, steps):
    path = [w]
    for _ in range(steps):
        w -= lr * grad(w, X, d)
        path.append(w)
    return np.array(path)


WRONG = {
    "gradient_descent": [
        (lambda *a: _path(*a, sign=-1), "goes uphill"),
        (lambda *a: _path(*a, first=False), "one point is missing; the start counts too"),
        (lambda *a: _path(*a)[-1], "the last point only"),
        (lambda *a: list(_path(*a)), "stack the points into one array"),
        (lambda *a: _path(*a, rows=slice(1)), "grad was given 1 rows"),
        (_in_place_path, "w: your function changes its argument"),
        (lambda *a: _path(*a).astype(float), "expected dtype float32, got float64"),
    ],
    "sgd_epoch": [
        (_stored_order, "the order in which they are stored"),
        (_sgd(index=lambda i: i), "an index drops it"),
        (_sgd(sign=-1), "uphill"),
        (_sgd(late=True), "count j up first"),
        (_sgd(stale=True), "that is a batch update"),
        (_restarts_the_count, "the count starts anew"),
        (_sgd(order=lambda rng, T: rng.integers(T, size=T)), "is not used"),
        (_sgd(order=lambda rng, T: np.random.default_rng(0).permutation(T)), "given rng"),
        (lambda *a: _sgd()(*a)[0], "expected 2 values"),
        (_mini(), "missing 1 required positional argument: 'rng'"),
    ],
    "minibatches": [
        (lambda T, b, rng: _cut(np.arange(T), b), "the order in which they are stored"),
        (lambda T, b, rng: _cut(rng.permutation(T)[: T - T % b], b), "is not used"),
        (lambda T, b, rng: [rng.integers(T, size=b) for _ in range(-(-T // b))], "is not used"),
        (lambda T, b, rng: _cut(rng.permutation(T) + 1, b), "there is no index"),
        (lambda T, b, rng: np.array_split(rng.permutation(T), -(-T // b)), "wrong sizes"),
        (
            lambda T, b, rng: np.split(rng.permutation(T), range(b, T + 1, b)),
            "one batch is empty",
        ),
        (lambda T, b, rng: _cut(rng.permutation(T).tolist(), b), "one is a list of length"),
        (lambda T, b, rng: rng.permutation(T), "expected a list of index arrays"),
        (
            lambda T, b, rng: _cut(np.random.default_rng(1).permutation(T), b),
            "the batches are the same each time",
        ),
        (lambda T, b, rng: _cut(np.random.permutation(T), b), "draw from the rng given"),  # noqa: NPY002 - the mistake
    ],
    "minibatch_epoch": [
        (_mini(drop=True), "is not used"),
        (_mini(scale=0.0), "too short by the size of the batch"),
        (_mini(scale=2.0), "too long by the size of the batch"),
        (_mini(count_rows=True), "it counts rows; an update is a batch"),
        (_mini(mixed=True), "rows of X and d do not belong together"),
    ],
    "inverse_decay": [
        (lambda j, lr0, decay: lr0 * math.exp(-decay * j), "the rate has fallen to nothing"),
        (lambda j, lr0, decay: lr0 / (1 + decay * j) ** 0.5, "the rate falls too slowly"),
        (lambda j, lr0, decay: lr0 / (1 + decay * j * j), "the rate falls too fast"),
        (lambda j, lr0, decay: lr0 / (1 + j), "the rate at j = 100: the value is wrong"),
        (lambda j, lr0, decay: lr0 / (decay * j), "ZeroDivisionError"),
    ],
    "satisfies_robbins_monro": [
        (lambda p: p <= 1, "a constant rate swings for ever"),
        (lambda p: p > 0.5, "how far all steps together can reach"),
        (lambda p: 0.5 <= p <= 1, "which series are the squares then"),
        (lambda p: 0.5 < p < 1, "p = 1: the answer is wrong"),
        (lambda p: "yes", "expected True or False"),
    ],
    "polynomial_decay_average": [
        (lambda b, w, t, gamma=3.0: (b * (t - 1) + w) / t, "t = 2"),
        (lambda b, w, t, gamma=3.0: b + gamma / (t + gamma) * (w - b), "t = 1"),
        (
            lambda b, w, t, gamma=3.0: w + (gamma + 1) / (t + gamma) * (b - w),
            "the two shares are exchanged",
        ),
        (lambda b, w, t, gamma=3.0: b + (gamma + 1) / (t + gamma) * w, "two shares make one"),
        (lambda b, w, t, gamma=0.0: b + (gamma + 1) / (t + gamma) * (w - b), "3 is the default"),
    ],
    "smoothed_loss": [
        (lambda x, n: np.convolve(x, np.ones(n) / n, mode="valid"), "expected shape"),
        (
            lambda x, n: np.convolve(x, np.ones(n) / n)[: len(x)],
            "fewer losses than the window",
        ),
        (
            lambda x, n: np.array(
                [x[max(0, k - n // 2) : k + n // 2 + 1].mean() for k in range(len(x))]
            ),
            "the window looks ahead",
        ),
        (lambda x, n: [x[max(0, k + 1 - n) : k + 1].mean() for k in range(len(x))], "a list"),
    ],
    "class_balanced_batches": [
        (_balanced(lambda y, b, rng: _cut(rng.permutation(len(y)), b)), "is spread unevenly"),
        (_balanced(lambda y, b, rng: _cut(np.argsort(y), b)), "is spread unevenly"),
        (
            _balanced(
                lambda y, b, rng: [
                    np.argsort(y)[k :: -(-len(y) // b)] for k in range(-(-len(y) // b))
                ]
            ),
            "the batches are the same each time",
        ),
        (
            _balanced(lambda y, b, rng: [np.flatnonzero(y == c) for c in np.unique(y)]),
            "a batch has too many rows",
        ),
    ],
    "kmeans_assign": [
        (lambda X, c: _labels(X, c, far=True), "the rows go to the farthest centre"),
        (lambda X, c: _labels(X, c, power=1), "Near is meant in Euclidean distance"),
        (lambda X, c: (X @ c.T).argmax(axis=1), "labels"),
        (lambda X, c: _labels(X, c).astype(float), "expected integers, got dtype float64"),
        (lambda X, c: _labels(X, c)[:, None], "expected shape (7,)"),
    ],
    "kmeans_batch_step": [
        (_lloyd, "has become NaN: a mean over no rows"),
        (_lloyd_zeros, "the centre of the empty cluster has moved"),
        (lambda X, c: c, "no centre has moved"),
        (lambda X, c: _lloyd_zeros(X, c.astype(float)), "expected dtype float32"),
    ],
    "kmeans_sgd_step": [
        (_kmeans_sgd(add_after=True), "count this row before you divide"),
        (_kmeans_sgd(away=True), "moves away from x"),
        (_kmeans_sgd(all_move=True), "a centre has moved that is not the nearest"),
        (lambda x, c, n: _kmeans_sgd()(x, c, n)[0], "(centers, counts): expected 2 values"),
    ],
    "kmeans_minibatch_step": [
        (_kmeans_mini(forget=True), "the centre forgets what it was"),
        (_kmeans_mini(divide_empty=True), "a centre without rows has become NaN"),
        (_one_after_the_other, "assign all rows first"),
    ],
}


def _descend_into_array(grad, w, X, d, lr, steps):
    path = np.empty((steps + 1, *w.shape), dtype=w.dtype)
    path[0] = w
    for k in range(steps):
        path[k + 1] = path[k] - lr * grad(path[k], X, d)
    return path


def _sgd_with_a_copy(grad, w, X, d, lr, j, rng):
    order = rng.permutation(X.shape[0])
    w = w.copy()
    for count, i in enumerate(order, start=j + 1):
        w -= lr(count) * grad(w, X[[i]], d[[i]])
    return w, j + len(order)


def _split_batches(T, batch_size, rng):
    return np.split(rng.permutation(T), range(batch_size, T, batch_size))


def _shuffled_copy_epoch(grad, w, X, d, batch_size, lr, j, rng):
    order = rng.permutation(len(X))
    X, d = X[order], d[order]
    for k, start in enumerate(range(0, len(X), batch_size)):
        w = w - lr(j + k + 1) * grad(
            w, X[start : start + batch_size], d[start : start + batch_size]
        )
    return w, j + math.ceil(len(X) / batch_size)


def _dealt_class_by_class(labels, batch_size, rng):
    batches = [[] for _ in range(math.ceil(len(labels) / batch_size))]
    seat = 0
    for label in np.unique(labels):
        for i in rng.permutation(np.flatnonzero(labels == label)):
            batches[seat % len(batches)].append(i)
            seat += 1
    return [np.array(batch) for batch in batches]


def _smoothed_by_sums(losses, window):
    total = np.concatenate([[0.0], np.cumsum(losses)])
    end = np.arange(1, len(losses) + 1)
    start = np.maximum(0, end - window)
    return (total[end] - total[start]) / (end - start)


def _lloyd_by_loop(X, centers):
    moved = centers.copy()
    labels = np.array([np.argmin(np.linalg.norm(centers - x, axis=1)) for x in X])
    for k in np.unique(labels):
        moved[k] = X[labels == k].sum(axis=0) / (labels == k).sum()
    return moved


def _mini_by_rate(X, centers, counts):
    """Sculley's own form: row after row with rate 1/count, after all rows are assigned."""
    labels, centers, counts = _labels(X, centers), centers.copy(), counts.copy()
    for x, k in zip(X, labels, strict=True):
        counts[k] += 1
        rate = 1 / counts[k]
        centers[k] = (1 - rate) * centers[k] + rate * x
    return centers, counts


RIGHT = {
    "gradient_descent": [_descend_into_array, _path],
    "sgd_epoch": [_sgd(), _sgd_with_a_copy],
    "minibatches": [_split_batches, lambda T, b, rng: _cut(rng.permutation(T), b)],
    "minibatch_epoch": [_shuffled_copy_epoch, _mini()],
    "inverse_decay": [lambda j, lr0, decay: lr0 * (1 + j * decay) ** -1],
    "satisfies_robbins_monro": [
        lambda p: p > 0.5 and not p > 1,
        lambda p: np.bool_(p <= 1) & np.bool_(2 * p > 1),
    ],
    "polynomial_decay_average": [
        lambda w_bar, w, t, gamma=3.0: ((t - 1) * w_bar + (gamma + 1) * w) / (t + gamma)
    ],
    "smoothed_loss": [_smoothed_by_sums],
    "class_balanced_batches": [_dealt_class_by_class],
    "kmeans_assign": [
        _labels,
        lambda X, c: np.argmin((c**2).sum(axis=1) - 2 * X @ c.T, axis=1),
    ],
    "kmeans_batch_step": [_lloyd_by_loop],
    "kmeans_sgd_step": [_kmeans_sgd()],
    "kmeans_minibatch_step": [_kmeans_mini(), _mini_by_rate],
}


class TestVisibleChecks(VisibleChecks):
    checks = lab01
    library = (averaging, batches, gradient, kmeans, schedules)
    wrong = WRONG
    right = RIGHT
    by_sentence = True
