"""Lab 08's visible checks: what they tell of wrong answers, and that right ones pass.

Long, since it is one table: the answers to every task of the lab.
"""

import math

import numpy as np
import pytest
from visible_checks import VisibleChecks

from dlcourse import losses, preprocess
from dlcourse.checks import lab08
from dlcourse.checks.properties import ChecksFailedError


def _of(loss, slopes):
    """A divergence from a loss and a derivative, each a function of (y, d)."""
    return lambda y, d: (loss(y, d), slopes(y, d))


def _l2(y, d):
    return np.sum((y - d) ** 2) / len(y)


def _l2_slopes(y, d):
    return (y - d) * (2 / len(y))


def _l1(y, d):
    return np.abs(y - d).sum() / len(y)


def _l1_slopes(y, d):
    return np.sign(y - d) / len(y)


def _possible(y, d):
    return np.where(d == 0, np.ones_like(y), y)


def _kl(y, d):
    return -np.sum(d * np.log(_possible(y, d))) / len(y)


def _kl_slopes(y, d):
    return -d / _possible(y, d) / len(y)


def _sigmoid(z):
    return np.exp(-np.logaddexp(np.zeros_like(z), -z))


def _bce(z, d):
    return np.sum(np.logaddexp(np.zeros_like(z), z) - z * d) / len(z)


def _bce_slopes(z, d):
    return (_sigmoid(z) - d) / len(z)


def _naive_bce(z, d):
    y = 1 / (1 + np.exp(-z))
    return -np.sum(d * np.log(y) + (1 - d) * np.log(1 - y)) / len(z), (y - d) / len(z)


def _clipped_bce(z, d):
    y = np.clip(_sigmoid(z), 1e-12, 1 - 1e-12)
    return float(-np.sum(d * np.log(y) + (1 - d) * np.log(1 - y)) / len(z)), (y - d) / len(z)


def _softmax_for_labels(z, d):
    y = np.exp(z - z.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    return -np.sum(d * np.log(y)) / len(z), (y - d) / len(z)


def _violations(scores, labels, margin=1.0, itself=False):
    rows = np.arange(len(scores))
    excess = np.maximum(scores - scores[rows, labels][:, None] + scores.dtype.type(margin), 0)
    if not itself:
        excess[rows, labels] = 0
    return excess


def _hinge(margin=1.0, itself=False, right="all", sign=1, over=lambda scores: len(scores)):
    """The hinge with one thing done wrong."""

    def hinge(scores, labels):
        rows, excess = np.arange(len(scores)), _violations(scores, labels, margin, itself)
        slopes = (excess > 0).astype(scores.dtype)
        slopes[rows, labels] = 0
        if right != "none":
            slopes[rows, labels] = -slopes.sum(axis=1) if right == "all" else -1
        return excess.sum() / over(scores), sign * slopes / len(scores)

    return hinge


def _squared(factor=2.0, itself=False, right=True, half=1.0):
    """The squared hinge with one thing done wrong."""

    def squared_hinge(scores, labels):
        rows, excess = np.arange(len(scores)), _violations(scores, labels, itself=itself)
        slopes = factor * excess / len(scores)
        slopes[rows, labels] = 0
        if right:
            slopes[rows, labels] = -slopes.sum(axis=1)
        return half * (excess**2).sum() / len(scores), slopes

    return squared_hinge


def _worst_class_only(scores, labels):
    rows, excess = np.arange(len(scores)), _violations(scores, labels)
    worst, slopes = excess.argmax(axis=1), np.zeros_like(scores)
    slopes[rows, worst] = slopes[rows, labels] = excess.max(axis=1) > 0
    slopes[rows, labels] *= -1
    return excess.max(axis=1).mean(), slopes / len(scores)


def _sum_squared(scores, labels):
    slopes = _hinge()(scores, labels)[1]
    return (_violations(scores, labels).sum(axis=1) ** 2).mean(), slopes


def _in_place_hinge(scores, labels):
    excess = _violations(scores, labels)
    rows = np.arange(len(scores))
    scores[:] = (excess > 0) / len(scores)
    scores[rows, labels] = 0
    scores[rows, labels] = -scores.sum(axis=1)
    return excess.sum() / len(scores), scores.copy()


def _log_sigmoid(turns):
    return -np.logaddexp(np.zeros_like(turns), -turns)


def _standardize(X, mean, std):
    return (X - mean) / np.where(std > 0, std, np.ones_like(std))


def _pca(ddof=0, centre=True, ascending=False, rows=False):
    """Principal axes with one thing done wrong."""

    def pca_fit(X):
        mean = X.mean(axis=0)
        centered = X - mean if centre else X
        variances, U = np.linalg.eigh(centered.T @ centered / (len(X) - ddof))
        if not ascending:
            variances, U = variances[::-1], U[:, ::-1]
        return mean, (U.T if rows else U).copy(), variances.copy()

    return pca_fit


def _singular_values(X):
    mean = X.mean(axis=0)
    _, values, Vt = np.linalg.svd(X - mean, full_matrices=True)
    padded = np.zeros(X.shape[1], dtype=X.dtype)
    padded[: len(values)] = values
    return mean, Vt.T, padded


def _white(X, m, U, v, eps=1e-5):
    return (X - m) @ U / np.sqrt(v + eps)


WRONG = {
    "l2_divergence": [
        (_of(lambda y, d: _l2(y, d) / 2, lambda y, d: (y - d) / len(y)), "half as large"),
        (_of(lambda y, d: np.mean((y - d) ** 2), _l2_slopes), "half as large"),
        (_of(lambda y, d: np.sum((y - d) ** 2), lambda y, d: 2 * (y - d)), "a sum over the batch"),
        (_of(_l2, lambda y, d: 2 * (y - d)), "dy lacks the 1/N"),
        (_of(_l2, lambda y, d: (y - d) / len(y)), "dy is half as long"),
        (_of(_l2, lambda y, d: _l2_slopes(d, y)), "dy points downhill"),
        (_of(lambda y, d: np.linalg.norm(y - d), _l2_slopes), "it is a length"),
        (_of(lambda y, d: ((y - d) ** 2).sum(axis=1), _l2_slopes), "one number for each row"),
        (_of(_l2, lambda y, d: _l2_slopes(y, d).astype(float)), "expected dtype float32"),
        (_l2, "expected 2 values"),
    ],
    "l1_divergence": [
        (_of(_l1, lambda y, d: _l1_slopes(d, y)), "dy points downhill"),
        (_of(lambda y, d: np.abs(y - d).mean(), _l1_slopes), "half as large"),
        (_of(lambda y, d: np.abs(y - d).sum(), lambda y, d: np.sign(y - d)), "a sum over"),
        (_of(lambda y, d: (y - d).sum() / len(y), _l1_slopes), "signs cancel"),
        (_of(_l2, _l2_slopes), "the differences are squared"),
        (_of(_l1, lambda y, d: np.sign(y - d)), "dy lacks the 1/N"),
        (_of(_l1, lambda y, d: (y - d) / np.abs(y - d) / len(y)), "3 of 4 entries are not finite"),
        (_of(_l1, lambda y, d: (y - d) / len(y)), "dy grows with the distance"),
    ],
    "kl_divergence": [
        (_of(lambda y, d: -_kl(y, d), lambda y, d: -_kl_slopes(y, d)), "it is negative"),
        (_of(_kl, lambda y, d: -_kl_slopes(y, d)), "it points downhill"),
        (_of(_kl, lambda y, d: -d / len(y)), "the logarithm has a slope of its own"),
        (_of(_kl, lambda y, d: (y - d) / len(y)), "the slope by the logits"),
        (
            _of(lambda y, d: _kl(y, d) - _kl(d, d), _kl_slopes),
            "the entropy of d is taken off",
        ),
        (
            _of(lambda y, d: -np.sum(d * np.log(y)) / len(y), _kl_slopes),
            "loss: an entry with d = 0",
        ),
        (_of(_kl, lambda y, d: -d / y / len(y)), "dy: an entry with d = 0"),
        (_of(lambda y, d: _kl(y, d) / y.shape[1], _kl_slopes), "a mean over the classes"),
        (_of(lambda y, d: _kl(y, d) / np.log(2), _kl_slopes), "base 2"),
        (_of(lambda y, d: _kl(y, d) * len(y), lambda y, d: -d / _possible(y, d)), "a sum over"),
        (
            lambda y, d: _kl(y, d.argmax(axis=1)[:, None] == np.arange(y.shape[1])),
            "expected 2 values",
        ),
    ],
    "binary_cross_entropy_logits": [
        (_naive_bce, "exp overflows, or a probability has become 0"),
        (_clipped_bce, "loss is cut off"),
        (
            _of(_bce, lambda z, d: (np.exp(z) / (1 + np.exp(z)) - d) / len(z)),
            "dz is not finite: the sigmoid overflows",
        ),
        (_of(lambda z, d: _bce(z, d) / z.shape[1], _bce_slopes), "a mean over the labels"),
        (_of(_bce, lambda z, d: (z - d) / len(z)), "it compares the logit with the target"),
        (
            _of(_bce, lambda z, d: _bce_slopes(z, d) * _sigmoid(z) * _sigmoid(-z)),
            "once too often",
        ),
        (_of(_bce, lambda z, d: -_bce_slopes(z, d)), "it points downhill"),
        (_softmax_for_labels, "in which labels compete"),
        (_of(lambda z, d: _bce(z, 1 - d), _bce_slopes), "have changed places"),
        (
            _of(lambda z, d: -np.sum(d * _log_sigmoid(z)) / len(z), _bce_slopes),
            "a label with d = 0 should cost too",
        ),
    ],
    "hinge": [
        (_hinge(itself=True), "the right class is counted too"),
        (_hinge(margin=0.0), "there is no margin"),
        (_hinge(right="none"), "the right class has a slope as well"),
        (_hinge(right="one"), "takes part in every violation"),
        (_hinge(sign=-1), "dscores points downhill"),
        (_hinge(margin=-1.0), "the margin is on the wrong side"),
        (_hinge(over=lambda scores: scores.size), "a mean over the classes"),
        (_worst_class_only, "only the worst class counts"),
        (_squared(), "that is the next task"),
        (_in_place_hinge, "scores: your function changes its argument"),
        (
            lambda s, c: (_hinge()(s, c)[0], _hinge()(s, c)[1].astype(float)),
            "expected dtype float32",
        ),
    ],
    "squared_hinge": [
        (_squared(factor=1.0), "half as long as it should be"),
        (_squared(itself=True), "the right class is counted too"),
        (_squared(right=False), "the right class has a slope as well"),
        (_squared(half=0.5, factor=1.0), "there is no ½"),
        (_hinge(), "the violations are not squared"),
        (_sum_squared, "the sum is squared"),
    ],
    "hierarchical_log_probability": [
        (lambda h, n, p, s: _log_sigmoid(h @ n[p].T).sum(axis=-1), "the signs are not used"),
        (lambda h, n, p, s: _sigmoid(s * (h @ n[p].T)).sum(axis=-1), "are added up"),
        (lambda h, n, p, s: np.prod(_sigmoid(s * (h @ n[p].T)), axis=-1), "it is the probability"),
        (lambda h, n, p, s: -_log_sigmoid(s * (h @ n[p].T)).sum(axis=-1), "it is positive"),
        (
            lambda h, n, p, s: np.log(1 / (1 + np.exp(-s * (h @ n[p].T)))).sum(axis=-1),
            "exp overflows",
        ),
        (lambda h, n, p, s: _log_sigmoid(s * (h @ n[p].T)).sum(), "sum over the turns only"),
        (lambda h, n, p, s: _log_sigmoid(s * (h @ n[: len(p)].T)).sum(axis=-1), "not path"),
        (lambda h, n, p, s: _log_sigmoid(s * (h @ n[p].T)).mean(axis=-1), "a mean over the turns"),
        (
            lambda h, n, p, s: _log_sigmoid(s * (h @ n[np.sort(p)].T)).sum(axis=-1),
            "in another order than the signs",
        ),
        (lambda h, n, p, s: _log_sigmoid(-s * (h @ n[p].T)).sum(axis=-1), "the other way"),
    ],
    "standardize_fit": [
        (lambda X: (X.mean(axis=0), X.std(axis=0, ddof=1)), "divides by N − 1"),
        (lambda X: (X.mean(axis=0), X.var(axis=0)), "that is the variance"),
        (lambda X: (X.mean(axis=1), X.std(axis=1)), "one a row"),
        (lambda X: (X.mean(), X.std()), "one number for all"),
        (lambda X: (X.mean(axis=0), X.std(axis=0) + 1e-8), "leave ε to those who divide"),
        (lambda X: (X.mean(axis=0), np.sqrt((X**2).mean(axis=0))), "std: 3 of 3 entries"),
        (lambda X: (np.median(X, axis=0), X.std(axis=0)), "mean: 2 of 3 entries"),
        (
            lambda X: (X.mean(axis=0), np.abs((X**2).mean(axis=0) - X.mean(axis=0) ** 2) ** 0.5),
            "std of X − 3,000,000",
        ),
        (lambda X: X.std(axis=0), "(mean, std): expected 2 values"),
    ],
    "standardize": [
        (lambda X, m, s: (X - m) / s, "a feature with std 0 is divided by 0"),
        (lambda X, m, s: (X - m) / (s + 1e-8), "blows up in new data"),
        (
            lambda X, m, s: _standardize(X, X.mean(axis=0), X.std(axis=0)),
            "two rows alone come out otherwise",
        ),
        (lambda X, m, s: _standardize(X, m, s**2), "divided by the variance"),
        (lambda X, m, s: X - m, "centred, and not scaled"),
        (lambda X, m, s: (X - m) * s, "multiplied by the std"),
        (
            lambda X, m, s: (X - m) / np.where(s > 0, s, np.ones(s.shape)),
            "expected dtype float32",
        ),
    ],
    "pca_fit": [
        (_pca(ddof=1), "divided by N − 1"),
        (_pca(ascending=True), "the smallest comes first"),
        (_pca(centre=False), "the mean has not been taken off"),
        (_pca(rows=True), "the axes lie in its rows"),
        (_singular_values, "these are singular values of the data"),
        (lambda X: (*_pca()(X)[:2], np.sqrt(np.abs(_pca()(X)[2]))), "standard deviations"),
        (lambda X: _pca()(X)[1:], "(mean, U, variances): expected 3 values"),
    ],
    "pca_rotate": [
        (lambda X, m, U, k: X @ U[:, :k], "the mean has not been taken off"),
        (lambda X, m, U, k: (X - m) @ U.T[:, :k], "turned by the rows of U"),
        (lambda X, m, U, k: (X - m) @ U[:, -k:], "the last axes are kept"),
        (lambda X, m, U, k: (X - X.mean(axis=0)) @ U[:, :k], "the rotated data"),
        (lambda X, m, U, k: (X - m) @ U, "expected shape (2, 1)"),
        (lambda X, m, U, k: (X - m) @ U[:k].T, "turned by the rows of U"),
    ],
    "whiten": [
        (lambda X, m, U, v, eps=1e-5: (X - m) @ U / (v + eps), "divided by the variances"),
        (lambda X, m, U, v, eps=1e-5: (X - m) @ U / (np.sqrt(v) + eps), "it belongs under it"),
        (lambda X, m, U, v, eps=1e-8: _white(X, m, U, v, eps), "ε is 10⁻⁵"),
        (lambda X, m, U, v, eps=1e-5: _white(X, 0 * m, U, v, eps), "has not been taken off"),
        (lambda X, m, U, v, eps=1e-5: _white(X, m, U.T, v, eps), "turned by the rows of U"),
        (lambda X, m, U, v, eps=1e-5: (X - m) / np.sqrt(v + eps), "scaled, and not turned"),
        (lambda X, m, U, v, eps=1e-5: _white(X, m, U, v, eps) @ U.T, "turned back"),
        (lambda X, m, U, v, eps=1e-5: _white(X, m, U, v, 0.0), "ε is not used"),
        (lambda X, m, U, v, eps=1e-5: (X - m) @ U, "turned, and not scaled"),
    ],
}


def _kl_picked(y, d):
    there = d > 0
    dy = np.zeros_like(y)
    dy[there] = -d[there] / y[there] / len(y)
    return float(-(d[there] * np.log(y[there])).sum()) / len(y), dy


def _kl_with_epsilon(y, d, eps=1e-12):
    return -(d * np.log(y + eps)).sum(axis=1).mean(), -d / (y + eps) / len(y)


def _bce_by_sign(z, d):
    small = np.exp(-np.abs(z))
    y = np.where(z > 0, 1 / (1 + small), small / (1 + small))
    return np.mean(np.sum(np.maximum(z, 0) - z * d + np.log1p(small), axis=1)), (y - d) / len(z)


def _hinge_by_loop(scores, labels):
    loss, slopes = 0.0, np.zeros_like(scores)
    for n, right in enumerate(labels):
        for c in range(scores.shape[1]):
            margin = scores[n, c] - scores[n, right] + 1
            if c != right and margin > 0:
                loss += float(margin)
                slopes[n, c] += 1 / len(scores)
                slopes[n, right] -= 1 / len(scores)
    return loss / len(scores), slopes


def _squared_by_one_hot(scores, labels):
    right = np.eye(scores.shape[1], dtype=scores.dtype)[labels]
    gap = scores - (scores * right).sum(axis=1, keepdims=True) + 1
    excess = np.maximum(gap, 0) * (1 - right)
    slopes = excess - right * excess.sum(axis=1, keepdims=True)
    return (excess**2).sum(axis=1).mean(), 2 * slopes / len(scores)


def _tree_by_loop(h, nodes, path, signs):
    total = 0
    for node, sign in zip(path, signs, strict=True):
        total = total + _log_sigmoid(sign * (h @ nodes[node]))
    return total


def _standardize_in_steps(X, mean, std):
    moved, scale = X - mean, std.copy()
    scale[scale == 0] = 1
    moved /= scale
    return moved


def _pca_by_svd_of_data(X):
    mean, _, values = _singular_values(X)
    return mean, np.linalg.svd(X - mean)[2].T, values**2 / len(X)


def _fit_by_sums(X):
    mean = X.sum(axis=0) / len(X)
    return mean, (((X - mean) ** 2).sum(axis=0) / len(X)) ** 0.5


RIGHT = {
    "l2_divergence": [
        _of(_l2, _l2_slopes),
        _of(lambda y, d: float(np.linalg.norm(y - d) ** 2 / len(y)), _l2_slopes),
    ],
    "l1_divergence": [
        _of(_l1, _l1_slopes),
        _of(_l1, lambda y, d: ((y > d).astype(y.dtype) - (y <= d)) / len(y)),
    ],
    "kl_divergence": [_of(_kl, _kl_slopes), _kl_picked, _kl_with_epsilon],
    "binary_cross_entropy_logits": [_of(_bce, _bce_slopes), _bce_by_sign],
    "hinge": [_hinge(), _hinge_by_loop],
    "squared_hinge": [_squared(), _squared_by_one_hot],
    "hierarchical_log_probability": [
        _tree_by_loop,
        lambda h, n, p, s: _log_sigmoid(s * (h @ n[p].T)).sum(axis=-1),
    ],
    "standardize_fit": [lambda X: (X.mean(axis=0), X.std(axis=0)), _fit_by_sums],
    "standardize": [_standardize, _standardize_in_steps],
    "pca_fit": [_pca(), _pca_by_svd_of_data],
    "pca_rotate": [
        lambda X, m, U, k: ((X - m) @ U)[:, :k],
        lambda X, m, U, k: (U[:, :k].T @ (X - m).T).T,
    ],
    "whiten": [
        _white,
        lambda X, m, U, v, eps=1e-5: np.einsum("nd,dk->nk", X - m, U / np.sqrt(v + eps)),
    ],
}


def test_the_likeliest_class_alone_is_no_answer_to_soft_targets(capsys):
    def likeliest(y, d):
        rows, best = np.arange(len(y)), d.argmax(axis=1)
        dy = np.zeros_like(y)
        dy[rows, best] = -1 / (y[rows, best] * len(y))
        return -math.fsum(np.log(y[rows, best])) / len(y), dy

    with pytest.raises(ChecksFailedError):
        lab08.kl_divergence(likeliest)
    assert "✗ For a target (1/2, 1/2)" in capsys.readouterr().out


class TestVisibleChecks(VisibleChecks):
    checks = lab08
    library = (losses, preprocess)
    wrong = WRONG
    right = RIGHT
    by_sentence = True
