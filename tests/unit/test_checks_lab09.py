"""Lab 09's visible checks: what they tell of wrong answers, and that right ones pass."""

import math
import time

import numpy as np
import pytest
from visible_checks import VisibleChecks

from dlcourse import capstone, recipe
from dlcourse.checks import lab09


def _by_heart(shuffle=False, part=None, more=0, dtype=np.float64, first=False):
    """Learning by heart with one thing done wrong."""

    def overfit_small_batch(train_step, x, y, steps):
        rng, losses = np.random.default_rng(0), []
        for _ in range(max(1, steps) if first else steps + more):
            order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
            losses.append(train_step(x[order][:part], y[order][:part]))
        return np.array(losses, dtype=dtype)

    return overfit_small_batch


def _range(slope="log", first_broken=True, stop=False, least=False, check=True, low=0, high=None):
    """The range test with one thing done wrong."""

    def lr_range_test(train_step, lrs):
        losses = []
        for lr in lrs:
            losses.append(float(train_step(lr)))
            if stop and not math.isfinite(losses[-1]):
                break
        losses = np.array(losses)
        broken = np.flatnonzero(~np.isfinite(losses))
        usable = broken[0] if len(broken) and first_broken else len(losses)
        if usable < 2:
            if check:
                raise ValueError("too few")
            return losses, lrs[0]
        at = {"log": np.log(lrs), "lr": np.array(lrs), "even": np.arange(len(lrs))}[slope]
        values = losses[:usable] if least else np.gradient(losses[:usable], at[:usable])
        return losses, lrs[low + int(np.argmin(values[low:high]))]

    return lr_range_test


def _halve(before=False, once_more=False, factor=2.0, end=True):
    """Halving with one thing done wrong."""

    def halve_until_stable(diverges, lr):
        if before:
            lr = lr / factor
        while diverges(lr):
            lr = lr / factor
            if end and lr == 0:
                raise ValueError("never stable")
        return lr / 2 if once_more else lr

    return halve_until_stable


def _returns_the_last_that_diverged(diverges, lr):
    while diverges(lr):
        lr = lr / 2
        if lr == 0:
            raise ValueError("never stable")
    return 2 * lr


def _gives_up_with_nothing(diverges, lr):
    while lr > 0 and diverges(lr):
        lr = lr / 2
    return lr


def _log10_draws(low, high, n, rng):
    return np.clip(10 ** rng.uniform(np.log10(low), np.log10(high), n), low, high)


def _search(pick=min, one_dict=False, redraw=False, pairs=True, once=False, nan="inf", late=False):
    """Random search with one thing done wrong."""

    def random_search(objective, space, trials, rng):
        config, history = {}, []
        drawn = [{k: draw(rng) for k, draw in space.items()} for _ in range(trials if late else 0)]
        for trial in range(trials):
            if late:
                config = drawn[trial]
            elif one_dict:
                config.update({name: draw(rng) for name, draw in space.items()})
            elif not once or trial == 0:
                config = {name: draw(rng) for name, draw in space.items()}
            value = float(objective(config))
            if redraw:
                config = {name: draw(rng) for name, draw in space.items()}
            history.append((dict(config) if once else config, value))

        def key(entry):
            return float(nan) if math.isnan(entry[1]) else entry[1]

        best, _ = pick(history, key=key)
        return best, history if pairs else [value for _, value in history]

    return random_search


def _last_of_equals(objective, space, trials, rng):
    _, history = _search()(objective, space, trials, rng)
    return min(history[::-1], key=_value)[0], history


def _best_value(objective, space, trials, rng):
    _, history = _search()(objective, space, trials, rng)
    return min(value for _, value in history), history


def _value(entry):
    return math.inf if math.isnan(entry[1]) else entry[1]


def _recipe(
    predict=lambda scores: scores.argmax(axis=1),
    history=lambda losses, right: {"train_loss": losses, "valid_accuracy": right},
    epochs=12,
    lr=0.5,
    shuffled=False,
    together=False,
    scale=1.0,
    pause=0.0,
):
    """A softmax classifier by gradient descent, in NumPy, with one thing done wrong."""

    def train_recipe(config, data):
        rng = np.random.default_rng(config["seed"])
        x, y = data["x_train"].reshape(len(data["x_train"]), -1), data["y_train"]
        y = rng.permutation(y) if shuffled else y
        w = np.zeros((x.shape[1], 10))

        def scores(images):
            rows = images.reshape(len(images), -1)
            return (rows - rows.mean(axis=0) if together else rows - 0.2) @ w

        def answer(images):
            return predict(scores(images))

        losses, right = [], []
        for _ in range(epochs):
            for rows in np.array_split(rng.permutation(len(x)), 8):
                z = (x[rows] - 0.2) @ w
                p = np.exp(z - z.max(axis=1, keepdims=True))
                p /= p.sum(axis=1, keepdims=True)
                losses_now = -np.log(p[np.arange(len(rows)), y[rows]])
                p[np.arange(len(rows)), y[rows]] -= 1
                w -= lr * (x[rows] - 0.2).T @ p / len(rows)
            losses.append(float(losses_now.mean()))
            found = scores(data["x_valid"]).argmax(axis=1)
            right.append(scale * float((found == data["y_valid"]).mean()))
        time.sleep(pause)
        return answer, history(losses, right)

    return train_recipe


def _changes_images(config, data):
    predict, history = _recipe()(config, data)

    def answer(images):
        images -= 0.0
        images[:, 0, 0, 0] = 0.5
        return predict(images)

    return answer, history


def _undecided(config, data):
    predict, history = _recipe()(config, data)
    rng = np.random.default_rng(0)
    return lambda images: np.where(
        rng.random(len(images)) < 0.1, rng.integers(10, size=len(images)), predict(images)
    ), history


WRONG = {
    "overfit_small_batch": [
        (lambda f, x, y, n: _by_heart()(f, x, y, n)[-1], "not one number"),
        (lambda f, x, y, n: float(_by_heart()(f, x, y, n)[-1]), "that of every step is asked for"),
        (lambda f, x, y, n: list(_by_heart()(f, x, y, n)), "make one array of it"),
        (_by_heart(more=-1), "one for each step is asked for"),
        (_by_heart(more=1), "train_step is called too often"),
        (_by_heart(shuffle=True), "another order of x"),
        (_by_heart(part=2), "hand on all rows, uncut"),
        (_by_heart(dtype=np.float32), "expected dtype float64, got float32"),
        (_by_heart(first=True), "with steps = 0"),
    ],
    "lr_range_test": [
        (_range(least=True), "suggested is where the loss is lowest"),
        (_range(slope="lr"), "by the logarithm of the rate"),
        (_range(slope="even"), "the spacing is left out"),
        (_range(first_broken=False), "where the run had broken already"),
        (_range(stop=True), "called for all rates, also after a loss is broken"),
        (_range(check=False), "raise a ValueError"),
        (_range(high=-1), "the last rate is left out"),
        (_range(low=1), "the first rate is left out"),
        (lambda f, lrs: _range()(f, lrs)[1], "expected 2 values"),
        (lambda f, lrs: _range()(f, lrs[::-1]), "not called once for each rate, in order"),
        (
            lambda f, lrs: (_range()(f, lrs)[0], math.log(_range()(lambda lr: lr, lrs)[1])),
            "none of the rates",
        ),
    ],
    "halve_until_stable": [
        (_halve(before=True), "ask before you halve"),
        (_halve(once_more=True), "halved once too often"),
        (_returns_the_last_that_diverged, "still diverges"),
        (_halve(factor=10), "the value is wrong"),
        (_halve(factor=1, end=False), "does the rate become smaller"),
        (_halve(end=False), "asked about a rate of 0"),
        (_gives_up_with_nothing, "raise a ValueError"),
    ],
    "log_uniform": [
        (lambda low, high, n, rng: rng.uniform(low, high, n), "nearly all draws lie in the top"),
        (
            lambda low, high, n, rng: np.exp(rng.uniform(np.log10(low), np.log10(high), n)),
            "is it one base for both ways",
        ),
        (
            lambda low, high, n, rng: rng.uniform(np.log(low), np.log(high), n),
            "go back from the logarithm",
        ),
        (lambda low, high, n, rng: np.full(n, _log10_draws(low, high, 1, rng)[0]), "the same"),
        (
            lambda low, high, n, rng: _log10_draws(low, high, n, np.random.default_rng(0)),
            "the draws are the same each time",
        ),
        (lambda low, high, n, rng: list(_log10_draws(low, high, n, rng)), "make one array of it"),
        (lambda low, high, n, rng: np.geomspace(low, high, n), "the same each time"),
    ],
    "random_search": [
        (_search(pick=max), "with the largest value"),
        (_last_of_equals, "the last of two equals"),
        (_search(one_dict=True), "one dict several times"),
        (_search(redraw=True), "not the one that was tried"),
        (_search(once=True), "draw anew for each"),
        (_search(pairs=False), "a pair (config, value) of history"),
        (_search(late=True), "trial by trial, please"),
        (_search(nan="-inf"), "a value of NaN wins"),
        (
            _best_value,
            "best is a number",
        ),
        (lambda f, space, n, rng: _search()(f, space, n, rng)[0], "(best, history)"),
        (lambda f, space, n, rng: _search()(f, space, n - 1, rng), "one pair for each trial"),
        (
            lambda f, space, n, rng: _search()(f, space, n, np.random.default_rng(0)),
            "did not get the rng",
        ),
    ],
    "train_recipe": [
        (_recipe(predict=lambda scores: scores), "the label of the largest is asked for"),
        (_recipe(predict=lambda scores: list(scores.argmax(axis=1))), "a NumPy array of labels"),
        (_recipe(predict=lambda scores: 1.0 * scores.argmax(axis=1)), "expected integers"),
        (_recipe(predict=lambda scores: scores.argmax(axis=0)), "array of shape (10,)"),
        (_recipe(together=True), "is the net in evaluation mode"),
        (_undecided, "when it is asked twice"),
        (_recipe(shuffled=True), "no better than guessing"),
        (_recipe(lr=-0.5), "no better than guessing"),
        (_recipe(scale=100.0), "and not in %"),
        (_recipe(scale=0.5), "not what predict reaches"),
        (_recipe(history=lambda losses, right: losses), "history: expected a dict"),
        (_recipe(history=lambda losses, right: {"train_loss": losses}), '"valid_accuracy"'),
        (
            _recipe(history=lambda losses, r: {"train_loss": losses[1:], "valid_accuracy": r}),
            "differ in length",
        ),
        (
            _recipe(history=lambda losses, right: {"train_loss": [], "valid_accuracy": []}),
            "history is empty",
        ),
        (
            _recipe(
                history=lambda ls, r: {"train_loss": [math.nan for _ in ls], "valid_accuracy": r}
            ),
            "the number is not finite",
        ),
        (_recipe(pause=4.0), "goes on beyond its time"),
        (_changes_images, "the images that predict got: your function changes its argument"),
        (lambda config, data: _recipe()(config, data)[0], "(predict, history)"),
    ],
}


def _by_heart_into_an_array(train_step, x, y, steps):
    losses = np.zeros(steps)
    for k in range(steps):
        losses[k] = train_step(x, y)
    return losses


def _slopes_by_hand(train_step, lrs):
    losses = np.array([float(train_step(lr)) for lr in lrs])
    log = [math.log(lr) for lr in lrs]
    last = 0
    while last < len(losses) and math.isfinite(losses[last]):
        last += 1
    if last < 2:
        raise ValueError("too few")
    best, where = math.inf, 0
    for k in range(last):
        a, b = max(0, k - 1), min(last - 1, k + 1)
        slope = (losses[b] - losses[a]) / (log[b] - log[a])
        if slope < best:
            best, where = slope, k
    return losses, lrs[where]


def _halve_by_counting(diverges, lr):
    for k in range(2000):
        rate = lr * 0.5**k
        if rate == 0:
            break
        if not diverges(rate):
            return rate
    raise ValueError("never stable")


def _search_by_sorting(objective, space, trials, rng):
    history = []
    for _ in range(trials):
        config = dict((name, draw(rng)) for name, draw in space.items())  # noqa: C402 - as a student may
        history.append((config, float(objective(dict(config)))))
    order = sorted(range(trials), key=lambda i: (math.isnan(history[i][1]), history[i][1]))
    return history[order[0]][0], history


RIGHT = {
    "overfit_small_batch": [_by_heart(), _by_heart_into_an_array],
    "lr_range_test": [_range(), _slopes_by_hand],
    "halve_until_stable": [_halve(), _halve_by_counting],
    "log_uniform": [_log10_draws],
    "random_search": [_search(), _search_by_sorting],
    "train_recipe": [_recipe(), _recipe(epochs=1)],
}


class TestVisibleChecks(VisibleChecks):
    checks = lab09
    library = (capstone, recipe)
    wrong = WRONG
    right = RIGHT

    def test_the_library_passes(self, task):
        if task == "train_recipe":
            pytest.importorskip("torch")
        super().test_the_library_passes(task)
