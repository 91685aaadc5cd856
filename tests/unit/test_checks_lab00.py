"""Lab 00's visible checks: what they tell of wrong answers, and that right ones pass.

Long, since it is one table: the answers to every task of the lab.
"""

import numpy as np
from visible_checks import VisibleChecks

from dlcourse import activations, gradcheck, layers, losses
from dlcourse.checks import lab00


def _bias_by_rows(x, W, b):
    return (x @ W).T[: len(b)].T + b[:, None] if len(x) == len(b) else x @ W + b


def _linear_back(dx=None, dW=None, db=None):
    """The right derivatives, but for those given as functions of (dz, x, W)."""

    def linear_backward(dz, x, W):
        return (
            dx(dz, x, W) if dx else dz @ W.T,
            dW(dz, x, W) if dW else x.T @ dz,
            db(dz, x, W) if db else dz.sum(axis=0),
        )

    return linear_backward


def _logistic(z):
    return 1 / (1 + np.exp(-z))


def _jacobian_by_row(dy, y):
    flat = [
        (np.diag(p) - np.outer(p, p)) @ g
        for p, g in zip(y.reshape(-1, y.shape[-1]), dy.reshape(-1, y.shape[-1]), strict=True)
    ]
    return np.array(flat).reshape(y.shape)


def _exponentials(z, axis=-1, shift="row"):
    shifts = {"row": z.max(axis=-1, keepdims=True), "all": z.max(), "none": 0.0}
    e = np.exp(z - shifts[shift])
    return e / e.sum(axis=axis, keepdims=True)


def _cross_entropy(mean=True, one_over_n=True, eps=None, sign=1, shifted=True):
    """Cross-entropy by way of the probabilities, with one thing done wrong."""

    def softmax_cross_entropy(logits, labels):
        rows = np.arange(len(logits))
        y = _exponentials(logits, shift="row" if shifted else "none")
        likelihood = y[rows, labels]
        losses = -np.log(likelihood if eps is None else likelihood + eps)
        d = y.copy()
        d[rows, labels] -= 1
        d = d / len(logits) if one_over_n else d
        return sign * (losses.mean() if mean else losses.sum()), d

    return softmax_cross_entropy


def _prelu(by_slope, axis=0):
    def prelu_backward(dy, z, slope):
        shares = (z <= 0) * by_slope(dy, z, slope)
        dz = np.where(z > 0, dy, slope * dy)
        return dz, shares.sum(axis=axis) if np.ndim(slope) else shares.sum()

    return prelu_backward


def _differences(right=1, left=1, distance=2.0, restore=True):
    def numerical_gradient(f, x, h=1e-5):
        x = x.astype(float)
        gradient = np.zeros(x.shape)
        for index in np.ndindex(*x.shape):
            old = x[index]
            x[index] = old + right * h
            above = f(x)
            x[index] = old - left * h
            below = f(x)
            if restore:
                x[index] = old
            gradient[index] = (above - below) / (distance * h)
        return gradient

    return numerical_gradient


def _in_the_dtype_of_x(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def _all_at_once(f, x, h=1e-5):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _flattened(f, x, h=1e-5):
    return _differences()(f, x.ravel(), h).reshape(x.shape)


def _in_place_differences(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = (above - f(x)) / (2 * h)
        x[index] += h
    return gradient


def _mlp(relu_last=False, relu=True, keep="inputs", last_bias=True):
    def mlp_forward(x, weights):
        kept, y, z = [], x, x
        for k, (W, b) in enumerate(weights):
            last = k == len(weights) - 1
            kept.append(z if keep == "z" and k else y)
            z = y @ W + (b if last_bias or not last else 0)
            y = np.maximum(z, 0) if relu and (relu_last or not last) else z
        if keep == "all":
            kept.append(y)
        return y, {"inputs": kept}

    return mlp_forward


def _mlp_back(mask=True, mean=False, backwards=False, by_output=False, through=True):
    def mlp_backward(dlogits, weights, cache):
        gradients, dz = [], dlogits
        for k in range(len(weights) - 1, -1, -1):
            y, W = cache["inputs"][k], weights[k][0]
            dW, db = y.T @ dz, dz.sum(axis=0)
            gradients.append((dW / len(y), db / len(y)) if mean else (dW, db))
            dy = dz @ W.T if through else dz.sum(axis=1, keepdims=True) * np.ones_like(y)
            dz = dy * y if by_output else dy * (y > 0) if mask else dy
        return gradients if backwards else gradients[::-1]

    return mlp_backward


def _mlp_back_rectified(dlogits, weights, cache):
    rectified = {"inputs": [np.maximum(y, 0) for y in cache["inputs"]]}
    return _mlp_back()(dlogits, weights, rectified)


def _in_place_relu(z):
    z[z < 0] = 0
    return z


def _in_place_relu_backward(dy, z):
    dy[z <= 0] = 0
    return dy


def _one_hot_maxout(z):
    return z.max(axis=-1), z == z.max(axis=-1, keepdims=True)


def _scatter(dy, winner, pieces):
    dz = np.zeros((*dy.shape, pieces), dtype=dy.dtype)
    np.put_along_axis(dz, winner[..., None], dy[..., None], axis=-1)
    return dz


WRONG = {
    "linear_forward": [
        (lambda x, W, b: x @ W, "the bias is missing"),
        (_bias_by_rows, "the bias was added by rows"),
        (lambda x, W, b: x @ W.T + b, "your function stops with ValueError"),
        (lambda x, W, b: (x @ W + b).astype(float), "expected dtype float32, got float64"),
        (lambda x, W, b: (x @ W + b).tolist(), "z: expected an array, got a list"),
        (lambda x, W, b: (x - x.mean(axis=0)) @ W + b, "z of row 2, given alone"),
    ],
    "linear_backward": [
        (_linear_back(dW=lambda dz, x, W: dz.T @ x), "got its transpose"),
        (_linear_back(dx=lambda dz, x, W: dz @ W), "your function stops with ValueError"),
        (
            _linear_back(dx=lambda dz, x, W: dz @ (W if W.shape[0] == W.shape[1] else W.T)),
            "dx goes through W the wrong way round",
        ),
        (_linear_back(dW=lambda dz, x, W: x.T @ dz / len(x)), "dW is a mean over the rows"),
        (_linear_back(db=lambda dz, x, W: dz.mean(axis=0)), "db is a mean over the rows"),
        (_linear_back(db=lambda dz, x, W: dz), "every row used the same b"),
        (_linear_back(db=lambda dz, x, W: dz.sum(axis=0, keepdims=True)), "every row used"),
        (lambda dz, x, W: (dz @ W.T, x.T @ dz), "expected 3 values, got 2"),
        (_linear_back(db=lambda dz, x, W: dz.sum()), "db: expected an array"),
    ],
    "sigmoid": [
        (_logistic, "an exp gets too large an argument"),
        (
            lambda z: np.where(z >= 0, _logistic(z), np.exp(z) / (1 + np.exp(z))),
            "be it in a branch that is thrown away",
        ),
        (lambda z: _logistic(-z), "it falls where it should rise"),
        (np.tanh, "Its values at z and −z make 1"),
        (lambda z: 0.5 + 0.5 * np.tanh(z), "0.75"),
        (lambda z: 0.5 * (1 + np.tanh(z.astype(float) / 2)), "expected dtype float32"),
    ],
    "sigmoid_backward": [
        (lambda dy, y: y * (1 - y), "dy is not used"),
        (lambda dy, y: dy * _logistic(y) * (1 - _logistic(y)), "the sigmoid is not taken again"),
        (lambda dy, y: dy * (1 - y**2), "dz"),
        (lambda dy, y: dy * y, "dz"),
        (lambda dy, y: (dy * y * (1 - y)).sum(), "dz: expected an array"),
    ],
    "tanh_backward": [
        (lambda dy, y: 1 - y**2, "dy is not used"),
        (lambda dy, y: dy * (1 - np.tanh(y) ** 2), "tanh is not taken again"),
        (lambda dy, y: dy * y * (1 - y), "dz"),
        (lambda dy, y: dy * (1 - y), "dz"),
    ],
    "relu": [
        (np.abs, "negative entries change their sign"),
        (lambda z: (z > 0).astype(z.dtype), "that is a step"),
        (lambda z: np.minimum(z, 0), "y: "),
        (lambda z: z if z.sum() > 0 else 0 * z, "0, 0, 0.25, 2"),
        (_in_place_relu, "z: your function changes its argument"),
        (lambda z: max(z, 0), "The truth value of an array"),
        (lambda z: np.where(z > 0, z, 0.0).astype(float), "expected dtype float32"),
    ],
    "relu_backward": [
        (lambda dy, z: np.where(dy > 0, dy, 0), "the sign of dy decides"),
        (lambda dy, z: (z > 0).astype(z.dtype), "dy is not used"),
        (lambda dy, z: dy * np.maximum(z, 0), "What passes does not depend on how large z is"),
        (lambda dy, z: dy, "of 4 entries are wrong"),
        (_in_place_relu_backward, "dy: your function changes its argument"),
    ],
    "leaky_relu": [
        (lambda z, slope=0.01: np.maximum(z, slope * z), "serves slopes ≤ 1 only"),
        (lambda z, slope=0.01: np.maximum(z, 0), "the left side is flat"),
        (lambda z, slope=0.01: np.where(z > 0, z, 0.01 * z), "y: 2 of 4 entries are wrong"),
        (lambda z, slope=0.1: np.where(z > 0, z, slope * z), "The slope is 0.01 if none is given"),
        (lambda z, slope=0.01: np.where(z > 0, z, slope), "y: "),
    ],
    "leaky_relu_backward": [
        (lambda dy, z, slope=0.01: np.where(dy > 0, dy, slope * dy), "the sign of dy decides"),
        (lambda dy, z, slope=0.01: np.where(z > 0, 1.0, slope), "dy is not used"),
        (lambda dy, z, slope=0.01: np.where(z > 0, dy, 0), "nothing passes on the left"),
        (lambda dy, z, slope=0.01: np.where(z > 0, dy, slope), "of 4 entries are wrong"),
        (lambda dy, z, slope=0.01: np.where(z > 0, dy, slope * z), "of 4 entries are wrong"),
    ],
    "prelu_backward": [
        (lambda dy, z, slope: np.where(z > 0, dy, slope * dy), "expected 2 values"),
        (
            lambda dy, z, slope: (np.where(z > 0, dy, slope * dy), (dy * z).sum()),
            "dslope counts the right side too",
        ),
        (_prelu(lambda dy, z, slope: z), "dslope: dy is not used"),
        (_prelu(lambda dy, z, slope: slope * dy * z), "dslope has the slope as a factor"),
        (_prelu(lambda dy, z, slope: dy * z, axis=1), "a slope is shared by the rows"),
        (_prelu(lambda dy, z, slope: dy * z, axis=None), "each unit has a slope of its own"),
        (_prelu(lambda dy, z, slope: dy * z / len(z)), "dslope is a mean"),
        (_prelu(lambda dy, z, slope: -dy * z), "dslope has the wrong sign"),
        (_prelu(lambda dy, z, slope: dy * np.abs(z)), "dslope has the wrong sign"),
    ],
    "elu": [
        (lambda z, alpha=1.0: (z > 0) * z + (z <= 0) * (np.exp(z) - 1), "not finite"),
        (lambda z, alpha=1.0: np.where(z > 0, z, alpha * (1 - np.exp(z))), "is positive"),
        (
            lambda z, alpha=1.0: alpha * np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
            "alpha acts on the right side too",
        ),
        (lambda z, alpha=1.0: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), "y: 2 of 4"),
        (lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0)) - 1), "y: 2 of"),
    ],
    "elu_backward": [
        (
            lambda dy, z, alpha=1.0: dy * (z > 0) + dy * (z <= 0) * alpha * np.exp(z),
            "not finite",
        ),
        (
            lambda dy, z, alpha=1.0: dy * np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
            "alpha is missing on the left",
        ),
        (
            lambda dy, z, alpha=1.0: dy * np.where(z > 0, 1, alpha * np.expm1(np.minimum(z, 0))),
            "that is the function's value",
        ),
        (
            lambda dy, z, alpha=1.0: np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))),
            "dy is not used",
        ),
        (lambda dy, z, alpha=1.0: np.where(z > 0, dy, 0), "dz: "),
    ],
    "maxout": [
        (lambda z: z.max(axis=-1), "(y, winner): expected 2 values"),
        (lambda z: (np.maximum(z, 0).max(axis=-1), z.argmax(axis=-1)), "of negative pieces gives"),
        (_one_hot_maxout, "winner has an entry for each piece"),
        (lambda z: (z.max(axis=1), z.argmax(axis=1)), "y: expected shape (5, 3)"),
        (lambda z: (z.max(axis=-1), z.argmax(axis=-1) + 1), "winner counts from 1"),
        (lambda z: (z.max(axis=-1), z.argmax(axis=-1).astype(float)), "winner: expected integers"),
        (lambda z: (z.max(axis=-1), z.argmin(axis=-1)), "winner: "),
        (
            lambda z: (np.abs(z).max(axis=-1), np.abs(z).argmax(axis=-1)),
            "y: 1 of 2 entries are wrong",
        ),
    ],
    "maxout_backward": [
        (lambda dy, w, p: np.repeat(dy[..., None], p, axis=-1), "every piece gets dy"),
        (lambda dy, w, p: np.repeat(dy[..., None], p, axis=-1) / p, "dy is shared out"),
        (lambda dy, w, p: (w[..., None] == np.arange(p)).astype(dy.dtype), "dy is not used"),
        (lambda dy, w, p: _scatter(dy, w, w.max() + 1), "expected shape (2, 3, 4)"),
        (lambda dy, w, p: dy * (w == 0), "dz: expected shape"),
    ],
    "softmax": [
        (lambda z: _exponentials(z, shift="none"), "exp overflows in a row with 10⁴"),
        (lambda z: _exponentials(z, shift="all"), "each row needs a shift of its own"),
        (lambda z: _exponentials(z, axis=0), "the columns sum to 1"),
        (lambda z: _exponentials(z, axis=None), "all entries together sum to 1"),
        (lambda z: np.exp(z - z.max(axis=-1, keepdims=True)), "The last axis sums to 1"),
        (np.exp, "not divided by their sum"),
        (lambda z: _exponentials(z, axis=1), "AxisError"),
        (lambda z: z / z.sum(axis=-1, keepdims=True), "1/6, 2/6, 3/6"),
        (lambda z: _exponentials(np.clip(z, -700, 700)), "two large entries differ by ln 3"),
    ],
    "softmax_backward": [
        (lambda dy, y: dy * y * (1 - y), "each output is taken for a sigmoid"),
        (lambda dy, y: dy * y, "only half of the Jacobian is there"),
        (lambda dy, y: y * (dy - (dy * y).sum()), "dz of a row, given alone"),
        (lambda dy, y: y * (dy - dy.sum(axis=-1, keepdims=True)), "dz: "),
        (_jacobian_by_row, "a K × K array is formed"),
        (lambda dy, y: dy - (dy * y).sum(axis=-1, keepdims=True), "dz: "),
    ],
    "softmax_cross_entropy": [
        (_cross_entropy(), "take no logarithm of a probability that has become 0"),
        (_cross_entropy(eps=1e-12), "the loss is cut off"),
        (_cross_entropy(mean=False), "the loss is a sum over the batch"),
        (_cross_entropy(one_over_n=False), "dlogits lacks the 1/N"),
        (_cross_entropy(sign=-1), "the loss is negative"),
        (_cross_entropy(shifted=False), "loss: the number is not finite"),
        (lambda z, labels: _cross_entropy()(z, labels)[0], "(loss, dlogits): expected 2 values"),
        (lambda z, d: (_cross_entropy()(z, d)[0], -_cross_entropy()(z, d)[1]), "downhill"),
        (
            lambda z, d: (-np.log(_exponentials(z)[np.arange(len(z)), d]), _exponentials(z)),
            "one number a row",
        ),
    ],
    "numerical_gradient": [
        (_differences(left=0, distance=1.0), "looks to the right only"),
        (_differences(right=0, distance=1.0), "looks to the left only"),
        (_differences(distance=1.0), "the distance between the two points is 2h"),
        (_differences(restore=False), "put each back"),
        (_all_at_once, "several entries stand away from x at once"),
        (_flattened, "f was given an array of shape (6,)"),
        (_in_the_dtype_of_x, "expected dtype float64, got float32"),
        (_in_place_differences, "x: your function changes its argument"),
    ],
    "mlp_forward": [
        (_mlp(relu_last=True), "after the last layer there is none"),
        (_mlp(relu=False), "the hidden units have no ReLU"),
        (_mlp(last_bias=False), "the bias of the last layer is missing"),
        (lambda x, weights: _mlp()(np.maximum(x, 0), weights), "x went through ReLU"),
        (_mlp(keep="z"), "keep it as it is after ReLU"),
        (_mlp(keep="all"), "expected 2 arrays for 2 layers, got 3"),
        (lambda x, weights: _mlp()(x, weights)[0], "expected 2 values"),
        (lambda x, weights: (_mlp()(x, weights)[0], {}), 'expected a dict with the entry "inputs"'),
    ],
    "mlp_backward": [
        (_mlp_back(mask=False), "units that are off pass their derivative on"),
        (_mlp_back(by_output=True), "ReLU's slope is 1"),
        (_mlp_back(through=False), "does not come through the last layer's W"),
        (_mlp_back(mean=True), "a mean over the rows"),
        (_mlp_back_rectified, "x is rectified for dW"),
        (_mlp_back(backwards=True), "the pairs come last layer first"),
        (lambda *a: _mlp_back()(*a)[1:], "expected a pair for each of 2 layers, got 1"),
        (lambda *a: dict(enumerate(_mlp_back()(*a))), "expected a list of pairs"),
    ],
}


def _rows_one_by_one(dz, x, W):
    dW = sum(np.outer(row, d) for row, d in zip(x, dz, strict=True))
    return np.stack([W @ d for d in dz]), dW, np.einsum("nm->m", dz)


def _sigmoid_by_mask(z):
    y = np.empty_like(z)
    right = z >= 0
    y[right] = 1 / (1 + np.exp(-z[right]))
    y[~right] = np.exp(z[~right]) / (1 + np.exp(z[~right]))
    return y


def _quiet_sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def _relu_by_mask(z):
    y = z.copy()
    y[y < 0] = 0
    return y


def _prelu_by_mask(dy, z, slope):
    off = z < 0
    shares = off * dy * z
    dslope = shares.sum(axis=0) if np.ndim(slope) else float(shares.sum())
    return dy * np.where(off, slope, 1).astype(dy.dtype), dslope


def _elu_by_mask(z, alpha=1.0):
    y = z.copy()
    y[z <= 0] = alpha * (np.exp(z[z <= 0]) - 1)
    return y


def _maxout_by_index(z):
    winner = np.argmax(z, axis=2)
    return np.take_along_axis(z, winner[:, :, None], axis=2)[:, :, 0], winner


def _log_sum_exp(logits, labels):
    n, rows = len(logits), np.arange(len(logits))
    top = logits.max(axis=1, keepdims=True)
    log_y = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    onehot = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return float(-log_y[rows, labels].sum() / n), (np.exp(log_y) - onehot) / n


def _differences_of_copies(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + s) - f(x - s)) / 2 / h for s in steps]).reshape(x.shape)


def _mlp_by_recursion(x, weights):
    (W, b), rest = weights[0], weights[1:]
    z = x @ W + b
    if not rest:
        return z, {"inputs": [x]}
    logits, cache = _mlp_by_recursion(z * (z > 0), rest)
    return logits, {"inputs": [x, *cache["inputs"]]}


def _mlp_back_into_place(dlogits, weights, cache):
    gradients = [None] * len(weights)
    delta = dlogits
    for k in reversed(range(len(weights))):
        y = cache["inputs"][k]
        gradients[k] = [np.einsum("nd,nm->dm", y, delta), delta.sum(0)]
        delta = (delta @ weights[k][0].T) * np.sign(np.maximum(y, 0))
    return gradients


RIGHT = {
    "linear_forward": [lambda x, W, b: np.einsum("nd,dm->nm", x, W) + b[None, :]],
    "linear_backward": [_rows_one_by_one, _linear_back()],
    "sigmoid": [_sigmoid_by_mask, _quiet_sigmoid, lambda z: (1 + np.tanh(z / 2)) / 2],
    "sigmoid_backward": [lambda dy, y: (y - y**2) * dy],
    "tanh_backward": [lambda dy, y: dy * (1 - y) * (1 + y)],
    "relu": [_relu_by_mask, lambda z: z * (z > 0), lambda z: (np.abs(z) + z) / 2],
    "relu_backward": [lambda dy, z: dy * (z > 0), lambda dy, z: np.where(z >= 0, dy, 0)],
    "leaky_relu": [
        lambda z, slope=0.01: np.maximum(z, 0) + slope * np.minimum(z, 0),
        lambda z, slope=0.01: z * np.where(z < 0, slope, 1).astype(z.dtype),
    ],
    "leaky_relu_backward": [
        lambda dy, z, slope=0.01: dy * (z > 0) + slope * dy * (z <= 0),
        lambda dy, z, slope=0.01: np.where(z >= 0, 1, slope).astype(dy.dtype) * dy,
    ],
    "prelu_backward": [_prelu_by_mask, _prelu(lambda dy, z, slope: dy * z)],
    "elu": [
        _elu_by_mask,
        lambda z, alpha=1.0: np.where(z > 0, z, alpha * (np.exp(z) - 1)),
    ],
    "elu_backward": [
        lambda dy, z, alpha=1.0: dy * (z > 0) + dy * (z <= 0) * alpha * np.exp(np.minimum(z, 0)),
    ],
    "maxout": [_maxout_by_index],
    "maxout_backward": [_scatter, lambda dy, w, p: dy[..., None] * (np.arange(p) == w[..., None])],
    "softmax": [
        _exponentials,
        lambda z: np.exp(z - z.max(axis=-1, keepdims=True) - _log_total(z)),
    ],
    "softmax_backward": [
        lambda dy, y: dy * y - y * np.einsum("...k,...k->...", dy, y)[..., None],
    ],
    "softmax_cross_entropy": [_log_sum_exp],
    "numerical_gradient": [_differences(), _differences_of_copies],
    "mlp_forward": [_mlp(), _mlp_by_recursion],
    "mlp_backward": [_mlp_back(), _mlp_back_into_place],
}


def _log_total(z):
    return np.log(np.exp(z - z.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True))


class TestVisibleChecks(VisibleChecks):
    checks = lab00
    library = (activations, gradcheck, layers, losses)
    wrong = WRONG
    right = RIGHT
    by_sentence = True
