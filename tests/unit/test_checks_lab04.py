"""Lab 04's visible checks: what they tell of wrong answers, and that right ones pass.

Long, since it is one table: the answers to every task of the lab.
"""

import numpy as np
import pytest
from visible_checks import VisibleChecks

from dlcourse import norm
from dlcourse.checks import lab04
from dlcourse.checks.properties import ChecksFailedError


def _normalize(axis, ddof=0, outside=False, power=0.5, use_eps=True, eps0=1e-5, **cached):
    """Batch (axis 0) or layer normalization (axis 1) with one thing done otherwise."""

    def forward(z, gamma, beta, eps=eps0):
        keep = axis != 0
        mean = z.mean(axis=axis, keepdims=keep)
        var = z.var(axis=axis, keepdims=keep, ddof=ddof)
        added = eps if use_eps else 0.0
        inv_std = 1 / (var**power + added) if outside else (var + added) ** -power
        u = (z - mean) * inv_std
        cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
        y = gamma * u + beta
        return y, cache | {name: make(cache, y, eps) for name, make in cached.items()}

    return forward


def _in_place(z, gamma, beta, eps=1e-5):
    mean, var = z.mean(axis=0), z.var(axis=0)
    z -= mean
    z /= np.sqrt(var + eps)
    cache = {"u": z, "inv_std": (var + eps) ** -0.5, "gamma": gamma, "mean": mean, "var": var}
    return gamma * z + beta, cache


def _without_u(z, gamma, beta, eps=1e-5):
    y, cache = _normalize(0)(z, gamma, beta, eps)
    return y, {name: cache[name] for name in ("mean", "var", "inv_std", "gamma")}


def _back(axis, mean=True, var=True, scale=True, gamma=True, outside=False, total=np.sum):
    """The backward pass of batch (axis 0) or layer normalization with one thing done otherwise."""

    def backward(dy, cache):
        u, keep = cache["u"], axis != 0
        du = cache["gamma"] * dy if gamma and not outside else dy
        dz = du.copy()
        if mean:
            dz -= du.mean(axis=axis, keepdims=keep)
        if var:
            dz -= u * (du * u).mean(axis=axis, keepdims=keep)
        dz = dz * cache["inv_std"] if scale else dz
        dz = dz * cache["gamma"] if outside else dz
        return dz, total(dy * u, axis=0), total(dy, axis=0)

    return backward


def _dvar(factor=-0.5, power=-1.5, use_eps=True, total=np.sum):
    def dvar_from_du(du, z, mean, var, eps):
        spread = (var + (eps if use_eps else 0.0)) ** power
        return total(du * (z - mean), axis=0) * factor * spread

    return dvar_from_du


def _dmean(sign=-1.0, power=-0.5, use_eps=True, total=np.sum, by_var=0.0):
    def dmean_from_du(du, z, mean, var, dvar, eps):
        spread = (var + (eps if use_eps else 0.0)) ** power
        return sign * total(du, axis=0) * spread + by_var * dvar * mean

    return dmean_from_du


def _population(by=lambda b, n: b / (b - 1), total=np.mean, axis=0):
    def population_statistics(means, variances, batch_size):
        factor = by(batch_size, len(means))
        return means.mean(axis=axis), factor * total(variances, axis=axis)

    return population_statistics


def _running(swapped=False, by=lambda b: b / (b - 1), both=False, share=0.1):
    def running_statistics(running_mean, running_var, mean, var, batch_size, momentum=share):
        old, new = (momentum, 1 - momentum) if swapped else (1 - momentum, momentum)
        factor = by(batch_size)
        before = old * running_var * (factor if both else 1)
        return old * running_mean + new * mean, before + new * factor * var

    return running_statistics


def _inference(own=False, use_eps=True, power=0.5, outside=False):
    def batchnorm_inference(z, gamma, beta, mean, var, eps=1e-5):
        if own:
            mean, var = z.mean(axis=0), z.var(axis=0)
        std = var**power + eps if outside else (var + (eps if use_eps else 0.0)) ** power
        return gamma * (z - mean) / std + beta

    return batchnorm_inference


def _fold(bias=lambda b, scale, beta, mean: (b - mean) * scale + beta, rows=False, use_eps=True):
    def fold_batchnorm(W, b, gamma, beta, mean, var, eps=1e-5):
        scale = gamma / np.sqrt(var + (eps if use_eps else 0.0))
        by_rows = rows and len(W) == len(scale)
        return W * (scale[:, None] if by_rows else scale), bias(b, scale, beta, mean)

    return fold_batchnorm


def _channels(axis=(0, 2, 3), ddof=0, outside=False, last=False):
    def batchnorm2d_forward(x, gamma, beta, eps=1e-5):
        centered = x - x.mean(axis=axis, keepdims=True)
        var = x.var(axis=axis, keepdims=True, ddof=ddof)
        u = centered / (np.sqrt(var) + eps if outside else np.sqrt(var + eps))
        return u * gamma + beta if last else u * gamma[:, None, None] + beta[:, None, None]

    return batchnorm2d_forward


def _groups(apart=False, ddof=0, refuse=True, batch=False, last=False):
    def groupnorm_forward(x, gamma, beta, groups, eps=1e-5):
        n, c = x.shape[:2]
        if c % groups and refuse:
            raise ValueError("groups must divide the channels")
        if c % groups:
            return x
        shape = (n, c // groups, groups, -1) if apart else (n, groups, c // groups, -1)
        parts = x.reshape(shape)
        axis = (1, 3) if apart else (2, 3)
        axis = (0, *axis) if batch else axis
        var = parts.var(axis=axis, keepdims=True, ddof=ddof)
        u = ((parts - parts.mean(axis=axis, keepdims=True)) / np.sqrt(var + eps)).reshape(x.shape)
        return u * gamma + beta if last else u * gamma[:, None, None] + beta[:, None, None]

    return groupnorm_forward


def _groups_not_put_back(x, gamma, beta, groups, eps=1e-5):
    n, c, *pixels = x.shape
    if c % groups:
        raise ValueError("groups must divide the channels")
    parts = x.reshape(n, c // groups, groups, *pixels).swapaxes(1, 2)
    mean = parts.mean(axis=(2, 3, 4), keepdims=True)
    u = (parts - mean) / np.sqrt(parts.var(axis=(2, 3, 4), keepdims=True) + eps)
    return u.reshape(x.shape) * gamma[:, None, None] + beta[:, None, None]


def _weights(length=lambda v: np.sqrt((v**2).sum(axis=0)), absolute=False):
    return lambda v, g: v * (abs(g) if absolute else g) / length(v)


def _weights_back(project=True, with_g=True, power=1, dg_g=False, along=False):
    def weight_norm_backward(dW, v, g):
        length = np.sqrt((v**2).sum(axis=0))
        e = v / length
        dg = (dW * e).sum(axis=0)
        part = e * dg if along else dW - e * dg * project
        return part * (g if with_g else 1.0) / length**power, dg * (g if dg_g else 1.0)

    return weight_norm_backward


WRONG = {
    "batchnorm_forward": [
        (_normalize(0, ddof=1), "the variance is divided by N − 1"),
        (_normalize(0, power=1.0), "z is divided by the variance"),
        (_normalize(0, outside=True), "ε stands outside the root"),
        (_normalize(0, use_eps=False), "ε is not used"),
        (_normalize(0, eps0=1e-8), "the mean square of y"),
        (_normalize(0, inv_std=lambda c, y, eps: 1 / c["inv_std"]), "its inverse is meant"),
        (_normalize(0, u=lambda c, y, eps: y), "has γ and β in it"),
        (_normalize(0, var=lambda c, y, eps: c["var"] + eps), "has ε in it"),
        (_normalize(0, mean=lambda c, y, eps: c["mean"][None]), 'cache["mean"]: expected shape'),
        (_normalize(1), 'cache["mean"]: expected shape (1,)'),
        (_without_u, 'the entry "u" is missing'),
        (lambda *a: _normalize(0)(*a)[0], "(y, cache): expected 2 values"),
        (_in_place, "z: your function changes its argument"),
    ],
    "dvar_from_du": [
        (_dvar(factor=0.5), "the sign is wrong"),
        (_dvar(factor=-1.0), "the ½ of the power rule is missing"),
        (_dvar(power=-0.5), "a derivative lowers it by one"),
        (_dvar(use_eps=False), "ε is not used"),
        (_dvar(total=np.mean), "it is a mean over the rows"),
        (_dvar(total=lambda a, axis: a), "all rows share one variance"),
    ],
    "dmean_from_du": [
        (_dmean(sign=1.0), "the sign is wrong"),
        (_dmean(use_eps=False), "ε is not used"),
        (_dmean(total=np.mean), "it is a mean over the rows"),
        (_dmean(power=-1.0), "du is divided by the variance"),
        (_dmean(power=0.0), "du is not divided by the standard deviation"),
        (_dmean(by_var=-2.0), "dvar changes dmean"),
        (_dmean(total=lambda a, axis: a), "all rows share one mean"),
    ],
    "batchnorm_backward": [
        (_back(0, mean=False, var=False), "mean and variance are taken for constants"),
        (_back(0, var=False), "the way through the variance is missing"),
        (_back(0, mean=False), "the way through the mean is missing"),
        (_back(0, scale=False), "inv_std is missing"),
        (_back(0, gamma=False), "γ is missing"),
        (_back(0, total=np.mean), "dgamma is a mean over the rows"),
        (_back(0, total=lambda a, axis: a), "one γ and one β serve all rows"),
        (_back(1), "the means are taken along the row"),
    ],
    "population_statistics": [
        (_population(by=lambda b, n: 1.0), "make their mean unbiased"),
        (_population(by=lambda b, n: (b - 1) / b), "the correction is the wrong way round"),
        (_population(by=lambda b, n: n / (n - 1)), "it is the rows of a batch that count"),
        (_population(total=np.sum), "take their mean"),
        (_population(axis=1), "mean: expected shape"),
    ],
    "running_statistics": [
        (_running(swapped=True), "the shares are exchanged"),
        (_running(by=lambda b: 1.0), "the batch's variance is biased"),
        (_running(by=lambda b: (b - 1) / b), "the correction is the wrong way round"),
        (_running(both=True), "the old variance is corrected as well"),
        (_running(share=0.9), "running_mean: 1 of 1 entries are wrong"),
    ],
    "batchnorm_inference": [
        (_inference(own=True), "the statistics of this batch were taken"),
        (_inference(use_eps=False), "ε is not used"),
        (_inference(outside=True), "ε stands outside the root"),
        (_inference(power=1.0), "a standard deviation is meant"),
    ],
    "fold_batchnorm": [
        (_fold(bias=lambda b, s, beta, m: b * s + beta), "the mean is missing in b"),
        (_fold(bias=lambda b, s, beta, m: (b - m) * s), "β is missing in b"),
        (_fold(bias=lambda b, s, beta, m: b - m + beta), "γ is missing in b"),
        (_fold(bias=lambda b, s, beta, m: b * s + beta - m), "the mean is taken away unscaled"),
        (_fold(bias=lambda b, s, beta, m: b - m * s + beta), "it is scaled as well"),
        (_fold(bias=lambda b, s, beta, m: (b - m + beta) * s), "β is scaled as well"),
        (_fold(rows=True), "the rows of W are scaled"),
        (_fold(use_eps=False), "ε is not used"),
    ],
    "batchnorm2d_forward": [
        (_channels(axis=(2, 3)), "each image is normalized by itself"),
        (_channels(axis=0), "each pixel is normalized by itself"),
        (_channels(axis=None), "the channels share statistics"),
        (_channels(ddof=1), "it is divided by one less"),
        (_channels(outside=True), "ε stands outside the root"),
        (_channels(last=True), "its axis is that of the channels"),
    ],
    "layernorm_forward": [
        (_normalize(0), 'cache["mean"]: expected shape (1, 1), got (2,)'),
        (_normalize(1, ddof=1), "the variance is divided by M − 1"),
        (_normalize(1, outside=True), "ε stands outside the root"),
        (
            _normalize(1, mean=lambda c, y, eps: c["mean"][:, 0]),
            'cache["mean"]: expected shape (1, 1), got (1,)',
        ),
        (
            lambda z, g, b, eps=1e-5: _normalize(1)(z, g[:1], b[:1], eps),
            'cache["gamma"]: expected shape (2,)',
        ),
    ],
    "layernorm_backward": [
        (_back(0), "the means are taken over the batch"),
        (_back(1, outside=True), "γ is taken out of the means"),
        (_back(1, mean=False, var=False), "mean and variance are taken for constants"),
        (_back(1, var=False), "the way through the variance is missing"),
        (_back(1, mean=False), "the way through the mean is missing"),
        (_back(1, scale=False), "inv_std is missing"),
        (_back(1, gamma=False), "dz: "),
        (_back(1, total=np.mean), "dgamma is a mean over the rows"),
    ],
    "groupnorm_forward": [
        (_groups_not_put_back, "come out in their places"),
        (_groups(apart=True), "neighbours belong together"),
        (_groups(ddof=1), "it is divided by one less"),
        (_groups(refuse=False), "nothing was raised"),
        (_groups(batch=True), "the means, 1 groups"),
        (_groups(last=True), "its axis is that of the channels"),
    ],
    "weight_norm": [
        (_weights(length=lambda v: np.sqrt((v**2).sum())), "one length together"),
        (
            lambda v, g: v * g / np.sqrt((v**2).sum(axis=1))[: v.shape[1]].reshape(1, -1),
            "W: ",
        ),
        (_weights(length=lambda v: (v**2).sum(axis=0)), "its squared length"),
        (_weights(length=lambda v: v.sum(axis=0)), "the sum of its entries"),
        (_weights(absolute=True), "the direction of the columns"),
        (_weights(length=lambda v: np.sqrt((v**2).sum(axis=0) + 1e-5)), "W"),
    ],
    "weight_norm_backward": [
        (_weights_back(project=False), "the length of v is taken for a constant"),
        (_weights_back(with_g=False), "dv: g is missing"),
        (_weights_back(power=0), "it is not divided by the length of v"),
        (_weights_back(dg_g=True), "dg has a factor g"),
        (_weights_back(along=True), "the part of dW along v"),
        (lambda dW, v, g: (_weights_back()(dW, v, g)[0], (dW * v).sum(axis=0)), "dg: v is not"),
    ],
}


def _in_float64(function):
    def upcast(*args, **kwargs):
        arrays = [a.astype(float) if isinstance(a, np.ndarray) else a for a in args]
        if isinstance(args[-1], dict):
            arrays[-1] = {name: array.astype(float) for name, array in args[-1].items()}
        return function(*arrays, **kwargs)

    return upcast


@pytest.mark.parametrize("task", lab04.__all__)
def test_an_answer_that_forgets_float32_is_told(task, capsys):
    with pytest.raises(ChecksFailedError):
        getattr(lab04, task)(_in_float64(getattr(norm, task)))
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✗")]
    assert len(failed) == 1
    assert "float32 in gives float32 out" in failed[0]
    assert "expected dtype float32, got float64" in failed[0]


def _backward_in_three_ways(dy, cache):
    """The slides' own form: by way of u, of the variance and of the mean."""
    n, inv_std = len(dy), cache["inv_std"]
    centered, du = cache["u"] / inv_std, dy * cache["gamma"]
    dvar = -0.5 * inv_std**3 * (du * centered).sum(axis=0)
    dmean = -inv_std * du.sum(axis=0)
    dz = du * inv_std + dvar * 2 * centered / n + dmean / n
    return dz, (dy * cache["u"]).sum(axis=0), dy.sum(axis=0)


def _backward_of_rows(dy, cache):
    dz = np.empty_like(dy)
    for row, (d, u) in enumerate(zip(dy * cache["gamma"], cache["u"], strict=True)):
        dz[row] = cache["inv_std"][row, 0] * (d - d.mean() - u * (d @ u) / len(u))
    return dz, np.einsum("nm,nm->m", dy, cache["u"]), dy.sum(0)


def _backward_by_projection(dW, v, g):
    dv, dg = np.empty_like(v), np.empty_like(g)
    for m in range(v.shape[1]):
        length = np.linalg.norm(v[:, m])
        dg[m] = dW[:, m] @ v[:, m] / length
        dv[:, m] = g[m] / length * dW[:, m] - g[m] * dg[m] / length**2 * v[:, m]
    return dv, dg


def _dmean_with_both_terms(du, z, mean, var, dvar, eps):
    through_var = dvar * (-2 / len(z)) * (z - mean).sum(axis=0)
    return -(du / np.sqrt(var + eps)).sum(axis=0) + through_var


def _channels_as_rows(x, gamma, beta, eps=1e-5):
    rows = np.moveaxis(x, 1, -1)
    flat = rows.reshape(-1, x.shape[1])
    y = gamma * (flat - flat.mean(0)) / np.sqrt(flat.var(0) + eps) + beta
    return np.moveaxis(y.reshape(rows.shape), -1, 1)


def _groups_in_a_loop(x, gamma, beta, groups, eps=1e-5):
    size, left = divmod(x.shape[1], groups)
    if left:
        raise ValueError
    y = np.empty_like(x)
    for g in range(groups):
        part = x[:, g * size : (g + 1) * size]
        mean, var = part.mean((1, 2, 3), keepdims=True), part.var((1, 2, 3), keepdims=True)
        y[:, g * size : (g + 1) * size] = (part - mean) / np.sqrt(var + eps)
    return y * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1)


def _rows_transposed(z, gamma, beta, eps=1e-5):
    mean, var = z.T.mean(0)[:, None], z.T.var(0)[:, None]
    u = (z - mean) / np.sqrt(var + eps)
    return u * gamma + beta, {
        "u": u,
        "inv_std": 1 / np.sqrt(var + eps),
        "gamma": gamma,
        "mean": mean,
        "var": var,
        "z": z,
    }


RIGHT = {
    "batchnorm_forward": [_normalize(0), _normalize(0, z=lambda c, y, eps: y)],
    "dvar_from_du": [
        _dvar(),
        lambda du, z, mean, var, eps: (
            -((du * (z - mean)) / (2 * np.sqrt(var + eps) * (var + eps))).sum(axis=0)
        ),
    ],
    "dmean_from_du": [_dmean(), _dmean_with_both_terms],
    "batchnorm_backward": [_back(0), _back(0, outside=True), _backward_in_three_ways],
    "population_statistics": [
        _population(),
        lambda m, v, b: (m.sum(0) / len(m), v.sum(0) / len(v) * b / (b - 1)),
    ],
    "running_statistics": [
        _running(),
        lambda rm, rv, m, v, b, momentum=0.1: (
            rm + momentum * (m - rm),
            rv + momentum * (v * b / (b - 1) - rv),
        ),
    ],
    "batchnorm_inference": [
        _inference(),
        lambda z, g, b, m, v, eps=1e-5: (
            z * (g * (v + eps) ** -0.5) + (b - m * g * (v + eps) ** -0.5)
        ),
    ],
    "fold_batchnorm": [
        _fold(),
        lambda W, b, gamma, beta, mean, var, eps=1e-5: (
            W @ np.diag(gamma / np.sqrt(var + eps)),
            gamma * (b - mean) / np.sqrt(var + eps) + beta,
        ),
    ],
    "batchnorm2d_forward": [_channels(), _channels_as_rows],
    "layernorm_forward": [_normalize(1), _rows_transposed],
    "layernorm_backward": [_back(1), _backward_of_rows],
    "groupnorm_forward": [_groups(), _groups_in_a_loop],
    "weight_norm": [_weights(), lambda v, g: v / np.linalg.norm(v, axis=0, keepdims=True) * g],
    "weight_norm_backward": [_weights_back(), _backward_by_projection],
}


class TestVisibleChecks(VisibleChecks):
    checks = lab04
    library = (norm,)
    wrong = WRONG
    right = RIGHT
