"""Lab 06's visible checks: what they tell of wrong answers, and that right ones pass."""

import numpy as np
import pytest
from visible_checks import VisibleChecks

from dlcourse import init
from dlcourse.checks import lab06


def _uniform(limit):
    return lambda fan_in, fan_out, rng: (
        rng.uniform(-1, 1, (fan_in, fan_out)) * limit(fan_in, fan_out)
    )


def _normal(std):
    return lambda fan_in, fan_out, rng: rng.normal(size=(fan_in, fan_out)) * std(fan_in, fan_out)


def _xavier(fan_in, fan_out, wide=1.0):
    return wide * (6 / (fan_in + fan_out)) ** 0.5


def _same_seed(fan_in, fan_out, rng):
    return np.random.default_rng(0).normal(size=(fan_in, fan_out)) * fan_in**-0.5


def _global(fan_in, fan_out, rng):
    return np.random.randn(fan_in, fan_out) * fan_in**-0.5  # noqa: NPY002 - the mistake


def _one_row(fan_in, fan_out, rng):
    return np.tile(rng.normal(size=fan_out) * fan_in**-0.5, (fan_in, 1))


def _qr(fan_in, fan_out, rng):
    tall = rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    return np.linalg.qr(tall)


def _orthogonal(sign, scale=1.0):
    """Q of a QR decomposition, its columns multiplied by what `sign` makes of Q and R."""

    def orthogonal_init(fan_in, fan_out, rng):
        q, r = _qr(fan_in, fan_out, rng)
        q = scale * q * sign(q, r)
        return q if fan_in >= fan_out else q.T

    return orthogonal_init


def _no_wide_ones(fan_in, fan_out, rng):
    return np.linalg.qr(rng.normal(size=(fan_in, fan_out)), mode="complete")[0][:, :fan_out]


def _by_svd(fan_in, fan_out, rng):
    u, _, v = np.linalg.svd(rng.normal(size=(fan_in, fan_out)), full_matrices=False)
    return u @ v


def _mirrored_at_random(fan_in, fan_out, rng):
    q, _ = _qr(fan_in, fan_out, rng)
    q = q * rng.choice([-1.0, 1.0], q.shape[1])
    return q if fan_in >= fan_out else q.T


def _f(z, nonlinearity):
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    return np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)


def _signal(of=lambda z, y: y, spread=np.std, f=_f, with_input=False):
    """Statistics of activations with one thing done wrong."""

    def activation_statistics(x, weights, nonlinearity):
        y, seen = x, [x] if with_input else []
        for W in weights:
            z = y @ W
            y = f(z, nonlinearity)
            seen.append(of(z, y))
        return np.array([s.mean() for s in seen]), np.array([spread(s) for s in seen])

    return activation_statistics


def _slope(y, nonlinearity):
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(nonlinearity)
    return 1 - y * y if nonlinearity == "tanh" else (y > 0).astype(y.dtype)


def _back(slope=_slope, backwards=False, to_input=False, spread=np.std):
    """Statistics of gradients with one thing done wrong."""

    def gradient_statistics(dout, activations, weights, nonlinearity):
        dy, stds = dout, [spread(dout)]
        for k in range(len(weights) - 1, -1 if to_input else 0, -1):
            dy = (dy * slope(activations[k], nonlinearity)) @ weights[k].T
            stds.append(spread(dy))
        return np.array(stds if backwards else stds[::-1])

    return gradient_statistics


def _lsuv(measure=lambda z, y: z.std(), handed_on=lambda z, s: z / s, scale=lambda W, s: W / s):
    """LSUV with one thing done wrong."""

    def lsuv(x, weights, nonlinearity):
        scaled, y = [], x
        for W in weights:
            z = y @ W
            s = measure(z, _f(z, nonlinearity))
            scaled.append(scale(W, s))
            y = _f(handed_on(z, s), nonlinearity)
        return scaled

    return lsuv


def _lsuv_in_place(x, weights, nonlinearity):
    y = x
    for W in weights:
        W /= (y @ W).std()
        y = _f(y @ W, nonlinearity)
    return weights


DRAWS_WRONGLY = [
    (lambda n, m, rng: rng.normal(size=(m, n)) * n**-0.5, "the inputs come first"),
    (_same_seed, "do you make a generator of your own?"),
    (_global, "draw from the rng given only"),
    (_one_row, "one draw for each is wanted"),
    (lambda n, m, rng: rng.random((n, m)) * 0.1, "the mean is not zero"),
    (lambda n, m, rng: np.zeros((n, m)), "two draws from one rng are equal"),
    (lambda n, m, rng: rng.normal(size=(n, m)).tolist(), "a list of length"),
]
WRONG = {
    "xavier_uniform": [
        *DRAWS_WRONGLY,
        (_normal(lambda n, m: (2 / (n + m)) ** 0.5), "this looks like a normal one"),
        (_uniform(lambda n, m: (2 / (n + m)) ** 0.5), "the range is too narrow"),
        (_uniform(lambda n, m: (6 / n + m) ** 0.5), "the range is too wide"),
        (_uniform(lambda n, m: (6 / n) ** 0.5), "the range is too wide"),
        (_uniform(lambda n, m: 6 / (n + m)), "the range is too narrow"),
        (lambda n, m, rng: rng.uniform(0, _xavier(n, m), (n, m)), "the mean is not zero"),
    ],
    "sigmoid_uniform": [
        (_uniform(_xavier), "the range is too narrow"),
        (_uniform(lambda n, m: _xavier(n, m, 8.0)), "the range is too wide"),
        (_uniform(lambda n, m: 16 * 6 / (n + m)), "the range is too narrow"),
        (_normal(lambda n, m: _xavier(n, m, 4.0) / 3**0.5), "this looks like a normal one"),
    ],
    "lecun_normal": [
        *DRAWS_WRONGLY,
        (_normal(lambda n, m: m**-0.5), "which fan is it?"),
        (_normal(lambda n, m: 1 / n), "the weights are too small"),
        (_normal(lambda n, m: n**0.5), "the weights are too large"),
        (_normal(lambda n, m: (2 / n) ** 0.5), "the weights are too large"),
        (_uniform(lambda n, m: (3 / n) ** 0.5), "this looks like a uniform one"),
        (_normal(lambda n, m: 1.03 * n**-0.5), "the weights are too large"),
    ],
    "he_normal": [
        (_normal(lambda n, m: (2 / m) ** 0.5), "which fan is it?"),
        (_normal(lambda n, m: n**-0.5), "the weights are too small"),
        (_normal(lambda n, m: 2 / n), "the standard deviation is what should be the variance"),
        (_normal(lambda n, m: (2 / (n + m)) ** 0.5), "the weights are too small"),
        (_uniform(lambda n, m: (6 / n) ** 0.5), "this looks like a uniform one"),
    ],
    "orthogonal_init": [
        (_orthogonal(lambda q, r: 1), "an entry prefers a sign"),
        (_orthogonal(lambda q, r: np.sign(q[0])), "an entry prefers a sign"),
        (_orthogonal(lambda q, r: np.sign(np.diagonal(r)), 2**0.5), "do not have length 1"),
        (lambda n, m, rng: rng.normal(size=(n, m)) * n**-0.5, "do not have length 1"),
        (_no_wide_ones, "expected shape"),
        (lambda n, m, rng: np.linalg.qr(rng.normal(size=(n, m))), "an object of type QRResult"),
        (lambda n, m, rng: np.eye(n, m), "two draws from one rng are equal"),
        (
            lambda n, m, rng: (lambda W: W / np.linalg.norm(W, axis=0))(rng.normal(size=(n, m))),
            "not at right angles",
        ),
    ],
    "activation_statistics": [
        (_signal(of=lambda z, y: z), "take them after the nonlinearity"),
        (_signal(spread=lambda s: s.std(ddof=1)), "not by one less"),
        (_signal(spread=np.var), "these are variances"),
        (_signal(spread=lambda s: s.std(axis=0).mean()), "stds:"),
        (_signal(with_input=True), "means: expected shape (3,), got (4,)"),
        (lambda *a: _signal()(*a)[::-1], "means and stds are exchanged"),
        (lambda *a: _signal()(*a)[1], "expected 2 values"),
        (lambda *a: tuple(s.tolist() for s in _signal()(*a)), "expected an array"),
        (_signal(f=lambda z, name: np.maximum(z, 0)), "is it ReLU that is applied?"),
        (
            _signal(f=lambda z, name: np.tanh(z) if name == "tanh" else np.maximum(z, 0)),
            "a ValueError is wanted",
        ),
        (lambda *a: tuple(s.astype(float) for s in _signal()(*a)), "expected dtype float32"),
    ],
    "gradient_statistics": [
        (_back(slope=lambda y, name: np.ones_like(y)), "nonlinearity's slope is missing"),
        (
            _back(slope=lambda y, name: _slope(np.tanh(y) if name == "tanh" else y, name)),
            "has been through tanh already",
        ),
        (_back(backwards=True), "the order is reversed"),
        (_back(to_input=True), "the first is that by y_1, not by x"),
        (_back(spread=lambda s: np.sqrt((s**2).mean())), "this is a root mean square"),
        (
            _back(slope=lambda y, name: 1 - y * y if name == "tanh" else np.sign(abs(y))),
            "a ValueError is wanted",
        ),
        (lambda *a: list(_back()(*a)), "expected an array, got a list"),
        (lambda *a: _back()(*a).astype(float), "expected dtype float32"),
    ],
    "relu_second_moment": [
        (lambda depth, fan_in, std: (fan_in * std**2) ** depth, "only a part"),
        (lambda depth, fan_in, std: (fan_in * std**2 / 2) ** (depth / 2), "this is a root"),
        (lambda depth, fan_in, std: depth * fan_in * std**2 / 2, "layers multiply"),
        (lambda depth, fan_in, std: (fan_in * std / 2) ** depth, "where its variance belongs"),
        (lambda depth, fan_in, std: np.full(depth, 0.5), "expected a number"),
    ],
    "lsuv": [
        (_lsuv(measure=lambda z, y: z.var()), "divided by the variance"),
        (_lsuv(measure=lambda z, y: y.std()), "before the nonlinearity"),
        (_lsuv(handed_on=lambda z, s: z), "before it was scaled"),
        (_lsuv(scale=lambda W, s: W * s), "where it should be divided"),
        (_lsuv(measure=lambda z, y: z.std(axis=0), handed_on=lambda z, s: z / s), "std(z_1)"),
        (_lsuv(measure=lambda z, y: z.std(ddof=1)), "W_1"),
        (_lsuv_in_place, "your function changes its argument"),
        (lambda x, weights, f: _lsuv()(x, weights, f)[-1], "expected 3 values"),
        (
            lambda x, weights, f: _lsuv()(x, weights, f if f == "tanh" else "relu"),
            "a ValueError is wanted",
        ),
        (lambda *a: [W.astype(float) for W in _lsuv()(*a)], "expected dtype float32"),
    ],
    "saturated_fraction": [
        (lambda y, threshold=0.97: (y > threshold).mean(), "one is not counted"),
        (lambda y, threshold=0.97: int((abs(y) > threshold).sum()), "this is a count"),
        (lambda y, threshold=0.97: (abs(y) >= threshold).mean(), "the value is wrong"),
        (lambda y, threshold=0.97: (abs(y) > 0.97).mean(), "threshold = 0.5"),
        (lambda y, threshold=0.97: (abs(y) > threshold).mean(axis=0), "expected a number"),
        (lambda y, threshold=0.97: (abs(y) < threshold).mean(), "the share for zeros"),
    ],
}


def _stats_by_sums(x, weights, nonlinearity):
    means, stds = np.empty(len(weights), x.dtype), np.empty(len(weights), x.dtype)
    for k, W in enumerate(weights):
        x = _f(np.einsum("ni,ij->nj", x, W), nonlinearity)
        means[k] = x.sum() / x.size
        stds[k] = np.sqrt(((x - means[k]) ** 2).sum() / x.size)
    return means, stds


def _back_recursively(dout, activations, weights, nonlinearity):
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError("tanh or relu")
    here = np.std(dout)
    if len(weights) == 1:
        return np.array([here])
    y = activations[-1]
    dz = np.where(y > 0, dout, 0) if nonlinearity == "relu" else dout - dout * y**2
    below = np.einsum("nj,ij->ni", dz, weights[-1])
    return np.append(_back_recursively(below, activations[:-1], weights[:-1], nonlinearity), here)


def _lsuv_from_the_start(x, weights, nonlinearity):
    """Every layer sends the batch through all scaled ones anew."""
    scaled = []
    for W in weights:
        y = x
        for V in scaled:
            y = _f(y @ V, nonlinearity)
        _f(y, nonlinearity)
        scaled.append(W * (1 / np.std(y @ W)))
    return tuple(scaled)


RIGHT = {
    "xavier_uniform": [
        _uniform(_xavier),
        lambda n, m, rng: (2 * rng.random((n, m)) - 1) * np.sqrt(6.0 / (n + m)),
    ],
    "sigmoid_uniform": [_uniform(lambda n, m: _xavier(n, m, 4.0))],
    "lecun_normal": [_normal(lambda n, m: n**-0.5)],
    "he_normal": [
        _normal(lambda n, m: (2 / n) ** 0.5),
        lambda n, m, rng: rng.standard_normal((m, n)).T / np.sqrt(n / 2),
    ],
    "orthogonal_init": [
        _orthogonal(lambda q, r: np.sign(np.diagonal(r))),
        _by_svd,
        _mirrored_at_random,
    ],
    "activation_statistics": [_signal(), _stats_by_sums],
    "gradient_statistics": [_back(), _back_recursively],
    "relu_second_moment": [
        lambda depth, fan_in, std: np.prod(np.full(depth, fan_in * std**2 / 2)),
        lambda depth, fan_in, std: 0.5**depth * fan_in**depth * std ** (2 * depth),
    ],
    "lsuv": [_lsuv(), _lsuv_from_the_start],
    "saturated_fraction": [
        lambda y, threshold=0.97: np.count_nonzero(np.abs(y) > threshold) / y.size,
        lambda y, threshold=0.97: ((y > threshold) | (y < -threshold)).mean(),
    ],
}


@pytest.mark.parametrize("task", ["xavier_uniform", "lecun_normal", "he_normal", "orthogonal_init"])
@pytest.mark.parametrize("seed", range(20))
def test_a_right_draw_passes_whatever_the_seed(task, seed):
    """The bounds are wide: a generator that draws other numbers changes nothing."""

    def function(fan_in, fan_out, rng):
        rng = np.random.default_rng([seed, *rng.integers(2**32, size=2)])
        return RIGHT[task][0](fan_in, fan_out, rng)

    getattr(lab06, task)(function)


class TestVisibleChecks(VisibleChecks):
    checks = lab06
    library = (init,)
    wrong = WRONG
    right = RIGHT
