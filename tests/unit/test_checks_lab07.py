"""Lab 07's visible checks: what they tell of wrong answers, and that right ones pass.

Long, since it is one table: the answers to every task of the lab.
"""

import math

import numpy as np
from visible_checks import VisibleChecks

from dlcourse import augment, regularize
from dlcourse.checks import lab07
from dlcourse.optim import averaging


def _total(weights, power=2):
    return sum((np.abs(W) ** power).sum() for W in weights)


def _stop(strict=True, in_a_row=True, step=0, keep="best", nan_counts=True):
    """Early stopping with one thing done wrong."""

    def early_stopping(losses, patience):
        best, lowest, bad = 0, math.inf, 0
        for epoch, loss in enumerate(losses):
            if not nan_counts and math.isnan(loss):
                continue
            if loss < lowest or (not strict and loss == lowest):
                best, lowest, bad = epoch, loss, 0 if in_a_row else bad
            else:
                bad += 1
            if bad >= patience + step:
                return best if keep == "best" else epoch
        return best

    return early_stopping


def _against_the_epoch_before(losses, patience):
    bad = 0
    for epoch in range(1, len(losses)):
        bad = 0 if losses[epoch] < losses[epoch - 1] else bad + 1
        if bad >= patience:
            return epoch - patience
    return int(np.argmin(losses))


def _crop(draw, mode="constant", low=0, cut=None):
    """A random crop whose places come from draw(rng, n, pad), each a pair."""

    def random_crop(images, pad, rng):
        n, _, height, width = images.shape
        sides = ((0, 0), (0, 0), (pad, pad), (pad, pad))
        padded = np.pad(images, sides, mode=mode)
        windows = [
            padded[i, :, top : top + height, left : left + width]
            for i, (top, left) in enumerate(draw(rng, n, pad))
        ]
        return np.stack(windows)

    return random_crop


def _any_place(rng, n, pad):
    return rng.integers(0, 2 * pad + 1, size=(n, 2))


def _crop_each_channel(images, pad, rng):
    parts = [_crop(_any_place)(images[:, c : c + 1], pad, rng) for c in range(images.shape[1])]
    return np.concatenate(parts, axis=1)


def _rolled(images, pad, rng):
    shifts = rng.integers(-pad, pad + 1, size=(len(images), 2))
    return np.stack([np.roll(x, s, axis=(1, 2)) for x, s in zip(images, shifts, strict=True)])


def _padded_only(images, pad, rng):
    return np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def _contrast(size=None, axes=(1, 2, 3), draw=None, finish=lambda x: x, about=True):
    """A random contrast with one thing done wrong."""

    def random_contrast(images, low, high, rng):
        shape = (len(images), 1, 1, 1) if size is None else size(images)
        factors = (draw or rng.uniform)(low, high, size=shape).astype(images.dtype)
        mean = images.mean(axis=axes, keepdims=True) if about else 0.0
        return finish(mean + factors * (images - mean)).astype(images.dtype)

    return random_contrast


def _double_contrast(images, low, high, rng):
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return mean + rng.uniform(low, high, size=(len(images), 1, 1, 1)) * (images - mean)


def _in_place_contrast(images, low, high, rng):
    images -= images.mean(axis=(1, 2, 3), keepdims=True)
    return images * rng.uniform(low, high, size=(len(images), 1, 1, 1))


def _in_place_ema(average, w, decay):
    average *= decay
    average += (1 - decay) * w
    return average


def _scaled(grads, factor):
    return [factor * grad for grad in grads]


def _norm(grads):
    return math.sqrt(_total(grads))


WRONG = {
    "l2_penalty": [
        (lambda ws, lam: (lam * _total(ws), [2 * lam * W for W in ws]), "twice as large"),
        (lambda ws, lam: (0.5 * lam * _total(ws), [2 * lam * W for W in ws]), "twice too long"),
        (lambda ws, lam: (0.5 * lam * _total(ws[:1]), [lam * W for W in ws]), "first array counts"),
        (
            lambda ws, lam: (0.5 * lam * sum(W.sum() ** 2 for W in ws), [lam * W for W in ws]),
            "grads[0] is not the derivative of the penalty",
        ),
        (lambda ws, lam: 0.5 * lam * _total(ws), "expected 2 values"),
        (lambda ws, lam: (0.5 * lam * _total(ws), lam * ws[0]), "expected a list of arrays"),
        (lambda ws, lam: (0.5 * lam * _total(ws), [-lam * W for W in ws]), "the wrong way round"),
        (
            lambda ws, lam: (0.5 * lam * _total(ws), [lam * W.astype(float) for W in ws]),
            "expected dtype float32, got float64",
        ),
        (
            lambda ws, lam: (0.5 * lam * sum((W * W).sum(axis=0) for W in ws), _scaled(ws, lam)),
            "penalty: expected a number, got an array",
        ),
    ],
    "weight_decay_step": [
        (lambda w, g, lr, lam: (1 - lam) * w - lr * g, "does not depend on lr"),
        (lambda w, g, lr, lam: (1 - lr * lam) * (w - lr * g), "the gradient's part decays too"),
        (lambda w, g, lr, lam: (1 + lr * lam) * w - lr * g, "grow instead of shrinking"),
        (lambda w, g, lr, lam: w - lr * g, "nothing decays"),
        (lambda w, g, lr, lam: (1 - lr * lam) * w + lr * g, "the step goes uphill"),
        (lambda w, g, lr, lam: (1 - np.float64(lr * lam)) * w - lr * g, "expected dtype float32"),
    ],
    "l1_penalty": [
        (
            lambda ws, lam: (0.5 * lam * _total(ws, 1), [lam * np.sign(W) for W in ws]),
            "half as large as it should be",
        ),
        (
            lambda ws, lam: (lam * sum(W.sum() for W in ws), [lam * np.sign(W) for W in ws]),
            "signs cancel",
        ),
        (
            lambda ws, lam: (lam * _total(ws, 1), [lam * W / np.abs(W) for W in ws]),
            "grads[0]: 1 of 3 entries are not finite",
        ),
        (
            lambda ws, lam: (lam * _total(ws, 1), [np.where(W >= 0, lam, -lam) for W in ws]),
            "the gradient at zero",
        ),
        (
            lambda ws, lam: (lam * _total(ws, 1), [np.sign(W) for W in ws]),
            "not the derivative of the penalty",
        ),
        (lambda ws, lam: (lam * _total(ws, 1), [lam * W for W in ws]), "not the derivative"),
    ],
    "soft_threshold": [
        (lambda w, a: w * (np.abs(w) > a), "they move towards zero as well"),
        (lambda w, a: w - a * np.sign(w), "jumps over zero"),
        (lambda w, a: np.maximum(w - a, 0), "negative entries are lost"),
        (lambda w, a: np.where(w > a, w - a, np.where(w < -a, w - a, 0.0)), "entries are wrong"),
        (lambda w, a: np.where(np.abs(w) < a, 0.0, w - a * np.sign(w)) * 0.99, "entries are wrong"),
        (
            lambda w, a: np.sign(w) * np.maximum(np.abs(w) - np.float64(a), 0),
            "expected dtype float32",
        ),
    ],
    "activation_l1": [
        (lambda h, lam: (lam * np.abs(h).sum(), lam * np.sign(h)), "it is a sum over the rows"),
        (
            lambda h, lam: (lam * np.abs(h).mean(), lam * np.sign(h) / h.size),
            "a mean over the units as well",
        ),
        (
            lambda h, lam: (lam * np.abs(h).sum() / h.shape[1], lam * np.sign(h) / h.shape[1]),
            "rows and units are exchanged",
        ),
        (
            lambda h, lam: (lam * np.abs(h).sum() / len(h), lam * np.sign(h)),
            "dh is not the derivative",
        ),
        (
            lambda h, lam: (lam * np.abs(h).sum() / len(h), lam * h / np.abs(h) / len(h)),
            "not finite",
        ),
        (
            lambda h, lam: (lam * np.abs(h).sum(axis=1).mean(), lam / len(h) * np.sign(h[0])),
            "dh: expected shape",
        ),
    ],
    "noise_penalty": [
        (lambda w, sigma: sigma * (w * w).sum(), "noise adds up by its variance"),
        (lambda w, sigma: 0.5 * sigma**2 * (w * w).sum(), "half as large"),
        (lambda w, sigma: sigma**2 * w.sum() ** 2, "signs cancel"),
        (lambda w, sigma: sigma**2 * w * w, "expected a number, got an array"),
        (lambda w, sigma: sigma**2 * np.abs(w).sum(), "it grows with |w|"),
    ],
    "max_norm": [
        (
            lambda W, c: W * min(1, c / np.linalg.norm(W)),
            "the whole matrix is scaled by one factor",
        ),
        (
            lambda W, c: W * np.minimum(1, c / np.linalg.norm(W, axis=1, keepdims=True)),
            "rows are scaled, not columns",
        ),
        (lambda W, c: W * c / np.linalg.norm(W, axis=0), "a short column is made longer"),
        (lambda W, c: np.clip(W, -c, c), "entries are cut one by one"),
        (lambda W, c: W * np.minimum(1, c / np.linalg.norm(W, axis=0)) ** 2, "entries are wrong"),
        (
            lambda W, c: np.where(
                np.linalg.norm(W, axis=0) > 0, W / np.linalg.norm(W, axis=0) * c, W
            ),
            "a short column is made longer",
        ),
        (
            lambda W, c: (
                W / np.linalg.norm(W, axis=0) * np.minimum(np.linalg.norm(W, axis=0), np.float64(c))
            ),
            "not finite",
        ),
    ],
    "early_stopping": [
        (_stop(strict=False), "no lower than an earlier one"),
        (_stop(in_a_row=False), "that is not the best loss until training stops"),
        (_stop(step=1), "comes after training has stopped"),
        (_stop(keep="stop"), "that is the epoch at which training stops"),
        (lambda losses, patience: int(np.nanargmin(losses)), "comes after training has stopped"),
        (lambda losses, patience: _stop()(losses, patience) + 1, "epochs are counted from 0"),
        (
            lambda losses, patience: losses[_stop()(losses, patience)],
            "expected an epoch, an integer",
        ),
        (_stop(nan_counts=False), "comes after training has stopped"),
        (_against_the_epoch_before, "instead of"),
    ],
    "clip_by_value": [
        (lambda g, limit=5.0: np.minimum(g, limit), "a large negative slope gets through"),
        (lambda g, limit=5.0: np.minimum(np.abs(g), limit), "the sign is lost"),
        (lambda g, limit=5.0: np.where(np.abs(g) > limit, 0, g), "large slopes are removed"),
        (lambda g, limit=1.0: np.clip(g, -limit, limit), "entries are wrong"),
        (lambda g, limit: np.clip(g, -limit, limit), "missing 1 required positional argument"),
        (lambda grad, limit=5.0: np.clip(grad, -limit, limit, out=grad), "grad: your function"),
    ],
    "clip_by_norm": [
        (
            lambda gs, limit: [g * min(1, limit / max(_norm([g]), 1e-300)) for g in gs],
            "each array is clipped by itself",
        ),
        (lambda gs, limit: _scaled(gs, limit / max(_norm(gs), 1e-9)), "made longer"),
        (lambda gs, limit: [np.clip(g, -limit, limit) for g in gs], "clipped by itself"),
        (
            lambda gs, limit: _scaled(gs, min(1, limit / max(sum(_norm([g]) for g in gs), limit))),
            "the norms of the arrays are added",
        ),
        (
            lambda gs, limit: _scaled(gs, min(1, limit / max(_norm(gs) ** 2, limit))),
            "divided by the square of the norm",
        ),
        (lambda gs, limit: _scaled(gs, limit / np.float64(_norm(gs))), "got float64"),
        (
            lambda gs, limit: [g / np.sqrt(_total(gs)) * min(limit, _norm(gs)) for g in gs],
            "not finite",
        ),
        (
            lambda gs, limit: (
                np.concatenate([g.ravel() for g in gs]) * min(1, limit / max(_norm(gs), limit))
            ),
            "expected a list of arrays, got an array",
        ),
    ],
    "ema_update": [
        (lambda a, w, decay: (1 - decay) * a + decay * w, "the two shares are exchanged"),
        (lambda a, w, decay: decay * a + w, "the two shares make one"),
        (lambda a, w, decay: (a + w) / 2, "entries are wrong"),
        (_in_place_ema, "average: your function changes its argument"),
        (lambda a, w, decay: np.float64(decay) * a + (1 - decay) * w, "expected dtype float32"),
    ],
    "random_crop": [
        (_rolled, "what leaves on one side comes in on the other"),
        (_crop(_any_place, mode="edge"), "the border is drawn out"),
        (_crop(_any_place, mode="reflect"), "the border is mirrored"),
        (_crop(lambda rng, n, pad: np.tile(_any_place(rng, 1, pad), (n, 1))), "the same amount"),
        (
            _crop(lambda rng, n, pad: rng.integers(0, 2 * pad, (n, 2)) if pad else [(0, 0)] * n),
            "an outermost place is never reached",
        ),
        (
            _crop(lambda rng, n, pad: np.repeat(rng.integers(0, 2 * pad + 1, (n, 1)), 2, axis=1)),
            "an outermost place is never reached",
        ),
        (_crop_each_channel, "channels of an image are shifted by different amounts"),
        (_padded_only, "expected shape"),
        (
            lambda images, pad, rng: _crop(_any_place)(images, pad, np.random.default_rng(0)),
            "draw from the rng that you are given",
        ),
        (
            lambda images, pad, rng: _crop(_any_place)(images.astype(float), pad, rng),
            "expected dtype float32",
        ),
    ],
    "random_contrast": [
        (_contrast(about=False), "makes the image black"),
        (_contrast(axes=(0, 1, 2, 3)), "all images get one mean"),
        (_contrast(axes=(2, 3)), "each channel gets its own mean"),
        (_contrast(size=lambda x: x.shape), "pixels are scaled by different factors"),
        (_contrast(size=lambda x: (1, 1, 1, 1)), "all images have the same factor"),
        (_contrast(finish=lambda x: np.clip(x, 0, 1)), "clipped to 0 … 1"),
        (
            _contrast(
                draw=lambda low, high, size: np.random.default_rng(0).uniform(low, high, size)
            ),
            "every call gives the same images",
        ),
        (_double_contrast, "expected dtype float32"),
        (_in_place_contrast, "images: your function changes its argument"),
        (
            lambda images, low, high, rng: _contrast()(images, low, high + 0.5, rng),
            "entries are wrong",
        ),
    ],
}


def _l1_by_loop(weights, lam):
    penalty, grads = 0.0, []
    for W in weights:
        penalty += lam * float(np.linalg.norm(W.ravel(), 1))
        grads.append((lam * ((W > 0).astype(W.dtype) - (W < 0))).astype(W.dtype))
    return penalty, grads


def _max_norm_by_loop(W, limit):
    scaled = W.copy()
    for m in range(W.shape[1]):
        norm = np.linalg.norm(W[:, m])
        if norm > limit:
            scaled[:, m] *= limit / norm
    return scaled


def _stop_backwards(losses, patience):
    losses = [math.inf if math.isnan(loss) else loss for loss in losses]
    for end in range(1, len(losses) + 1):
        best = int(np.argmin(losses[:end]))
        failures = end - 1 - best if losses[best] < math.inf else end
        if failures >= patience:
            return best
    return int(np.argmin(losses))


def _as_torch_clips(grads, limit):
    factor = min(1.0, limit / (_norm(grads) + 1e-6))
    return [grad * factor for grad in grads]


def _crop_by_shift(images, pad, rng):
    moved = np.zeros_like(images)
    height, width = images.shape[2:]
    for i in range(len(images)):
        dy, dx = int(rng.integers(-pad, pad + 1)), int(rng.integers(-pad, pad + 1))
        to_y, to_x = slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0))
        of_y, of_x = slice(max(-dy, 0), height - max(dy, 0)), slice(max(-dx, 0), width - max(dx, 0))
        moved[i, :, to_y, to_x] = images[i, :, of_y, of_x]
    return moved


def _contrast_by_loop(images, low, high, rng):
    changed = np.empty_like(images)
    for i, image in enumerate(images):
        a = low + (high - low) * rng.random()
        changed[i] = a * image + (1 - a) * image.mean()
    return changed


RIGHT = {
    "l2_penalty": [
        lambda ws, lam: (lam / 2 * float(np.sum([np.vdot(W, W) for W in ws])), _scaled(ws, lam)),
        lambda ws, lam: (np.asarray(lam * _total(ws) / 2), tuple(W * lam for W in ws)),
    ],
    "weight_decay_step": [lambda w, g, lr, lam: w - lr * (g + lam * w)],
    "l1_penalty": [_l1_by_loop],
    "soft_threshold": [
        lambda w, a: w - np.clip(w, -a, a),
        lambda w, a: np.maximum(w - a, 0) - np.maximum(-w - a, 0),
    ],
    "activation_l1": [
        lambda h, lam: (
            lam * np.abs(h).reshape(len(h), -1).sum(axis=1).mean(),
            lam * np.sign(h) / len(h),
        )
    ],
    "noise_penalty": [lambda w, sigma: float(np.linalg.norm(sigma * w) ** 2)],
    "max_norm": [_max_norm_by_loop],
    "early_stopping": [_stop(), _stop_backwards],
    "clip_by_value": [lambda g, limit=5.0: np.minimum(np.maximum(g, -limit), limit)],
    "clip_by_norm": [_as_torch_clips],
    "ema_update": [lambda a, w, decay: a + (1 - decay) * (w - a)],
    "random_crop": [_crop(_any_place), _crop_by_shift],
    "random_contrast": [_contrast(), _contrast_by_loop],
}


class TestVisibleChecks(VisibleChecks):
    checks = lab07
    library = (augment, averaging, regularize)
    wrong = WRONG
    right = RIGHT
