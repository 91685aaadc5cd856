"""Lab 05's visible checks: what they tell of wrong answers, and that right ones pass."""

import itertools

import numpy as np
from visible_checks import VisibleChecks

from dlcourse import dropout
from dlcourse.checks import lab05


def _fixed_count(shape, keep, rng):
    """Exactly keep of the entries of each row are on, in random places."""
    on = np.arange(shape[-1]) < round(keep * shape[-1])
    return rng.permuted(np.broadcast_to(on, shape).astype(float), axis=-1)


def _per_row(shape, keep, rng):
    draws = rng.random((*shape[:-1], 1)) if len(shape) > 1 else rng.random(shape)
    return np.broadcast_to(draws < keep, shape).astype(float)


def _per_column(shape, keep, rng):
    return np.broadcast_to(rng.random(shape[-1]) < keep, shape).astype(float)


def _dropped(scale):
    return lambda y, mask, keep: y * mask.astype(y.dtype) * scale(keep)


def _in_place(y, mask, keep):
    y *= mask.astype(y.dtype)
    y /= keep
    return y


def _masks(D):
    return np.array(list(itertools.product([0, 1], repeat=D)), dtype=float)


def _ensemble(keep_masks=lambda m: m, probability=None, outputs=None):
    """The sum over the masks with one thing done wrong."""

    def exact_ensemble(W, b, x, keep):
        masks = keep_masks(_masks(len(x)))
        on = masks.sum(axis=1)
        p = (probability or (lambda on, D, k: k**on * (1 - k) ** (D - on)))(on, len(x), keep)
        return p @ (outputs or (lambda m, W, b, x, k: (m * x) @ W + b))(masks, W, b, x, keep)

    return exact_ensemble


def _sampled(W, b, x, keep):
    masks = (np.random.default_rng(0).random((5000, len(x))) < keep).astype(float)
    return ((masks * x) @ W + b).mean(axis=0)


def _mc(std=np.std, generator=lambda rng: rng, calls=lambda n: n, axis=0):
    def mc_dropout(predict, x, samples, rng):
        stack = np.stack([predict(x, generator(rng)) for _ in range(calls(samples))])
        return stack.mean(axis=axis), std(stack, axis=axis)

    return mc_dropout


def _forward(
    scale=True, first=True, second=True, before=False, last_relu=False, relu=True, x_relu=False
):
    """The forward pass with one thing done wrong."""

    def dropout_mlp_forward(x, weights, masks, keep):
        y, inputs = (np.maximum(x, 0) if x_relu else x), []
        for k, (W, b) in enumerate(weights):
            h = y * masks[k].astype(y.dtype) / (keep if scale else 1)
            h = h if (second if k else first) else y
            inputs.append(y if before else h)
            y = h @ W + b
            if (relu and k < len(weights) - 1) or last_relu:
                y = np.maximum(y, 0)
        return y, {"inputs": inputs, "masks": masks, "keep": keep}

    return dropout_mlp_forward


def _backward(power=1, relu=True, mask=True, twice=False, slope=False, mean=False, order=-1):
    """The backward pass with one thing done wrong."""

    def dropout_mlp_backward(dlogits, weights, cache):
        gradients, dz, keep = [], dlogits, cache["keep"]
        for k in reversed(range(len(weights))):
            h, W = cache["inputs"][k], weights[k][0]
            given = h / keep if twice else h
            db = dz.mean(axis=0) if mean else dz.sum(axis=0)
            gradients.append((given.T @ dz, db))
            dz = dz @ W.T / keep**power
            if mask:
                dz = dz * cache["masks"][k].astype(dz.dtype)
            if relu:
                dz = dz * (h if slope else h > 0)
        return gradients[::order]

    return dropout_mlp_backward


def _zeroed_where_off_in_any_row(dlogits, weights, cache):
    """Gradients of units that one row has off are lost for all rows."""
    found = _backward()(dlogits, weights, cache)
    on = [(h != 0).all(axis=0) for h in cache["inputs"]]
    return [(dW * on[k][:, None], db) for k, (dW, db) in enumerate(found)]


WRONG = {
    "dropout_mask": [
        (lambda s, k, rng: (rng.random(s) > k).astype(float), "here it is that of a 0"),
        (lambda s, k, rng: (rng.random(s) < 1 - k) * 1.0, "here it is that of a 0"),
        (lambda s, k, rng: (rng.random(s) < k) / max(k, 0.1), "divided by keep already"),
        (lambda s, k, rng: rng.random(s) < k, "expected dtype float64, got bool"),
        (lambda s, k, rng: rng.binomial(1, k, s), "expected dtype float64, got int64"),
        (lambda s, k, rng: rng.integers(2, size=s) * 1.0, "whatever keep is"),
        (lambda s, k, rng: np.full(s, float(rng.random() < k)), "one draw decides for all"),
        (_per_row, "a row is on or off as a whole"),
        (_per_column, "all rows are off at the same places"),
        (_fixed_count, "the same number is on each time"),
        (
            lambda s, k, rng: (np.random.default_rng(0).random(s) < k) * 1.0,
            "draw from the rng that you are given",
        ),
        (lambda s, k, rng: (np.random.random(s) < k) * 1.0, "draw from the rng given"),  # noqa: NPY002 - the mistake
        (lambda s, k, rng: (rng.random(s[0]) < k) * 1.0, "expected shape (3, 4)"),
        (lambda s, k, rng: rng.random(s), "entries other than 0 and 1"),
    ],
    "dropout_forward": [
        (_dropped(lambda keep: 1), "keep is not used"),
        (_dropped(lambda keep: keep), "the entries shrink by keep"),
        (_dropped(lambda keep: 1 / max(1 - keep, 0.1)), "scaled by the probability of going off"),
        (lambda y, m, keep: y / keep, "units that are off get through"),
        (lambda y, m, keep: y * (1 - m.astype(y.dtype)) / keep, "on are set to zero"),
        (lambda y, m, keep: y * m / keep, "float32 has become float64"),
        (_in_place, "y: your function changes its argument"),
        (lambda y, m, keep: [y * m / keep], "expected an array, got a list"),
    ],
    "dropout_backward": [
        (_dropped(lambda keep: 1), "the derivative must know of that"),
        (_dropped(lambda keep: keep), "the entries shrink by keep"),
        (_dropped(lambda keep: 1 / keep**2), "the derivative: 3 of 6 entries are wrong"),
        (lambda dout, m, keep: dout / keep, "units that are off get through"),
        (lambda dout, m, keep: dout, "units that are off get through"),
        (lambda dout, m, keep: dout * m / keep, "the mask has a dtype of its own"),
        (_in_place, "your function changes its argument"),
    ],
    "weight_scaling": [
        (lambda W, keep: W / keep, "the weights have grown"),
        (lambda W, keep: (1 - keep) * W, "keep is that of staying on"),
        (lambda W, keep: W, "the weights are what they were"),
        (lambda W, keep: np.float64(keep) * W, "expected dtype float32, got float64"),
        (lambda W, keep: keep**2 * W, "the sums by the scaled weights"),
    ],
    "exact_ensemble": [
        (_ensemble(probability=lambda on, D, k: 0.5**D * np.ones_like(on)), "all masks count"),
        (_ensemble(probability=lambda on, D, k: (1 - k) ** on * k ** (D - on)), "are exchanged"),
        (_ensemble(keep_masks=lambda m: m[1:]), "that of all zeros belongs in the sum"),
        (_ensemble(keep_masks=lambda m: m[:-1]), "that of all ones belongs in the sum"),
        (_ensemble(outputs=lambda m, W, b, x, k: (m * x) @ W), "the bias is lost"),
        (_ensemble(outputs=lambda m, W, b, x, k: (m * x / k) @ W + b), "nothing is divided"),
        (_sampled, "entries are wrong"),
        (_ensemble(), "expected dtype float32, got float64"),
        (lambda W, b, x, keep: keep * (x @ W + b), "it puts out the bias, in full"),
    ],
    "mc_dropout": [
        (_mc(std=lambda s, axis: s.std(axis=axis, ddof=1)), "one less than the number"),
        (_mc(std=np.var), "that is the variance"),
        (_mc(std=lambda s, axis: s.std(axis=axis) / len(s) ** 0.5), "how far the mean may be off"),
        (_mc(generator=lambda rng: np.random.default_rng(0)), "another generator than yours"),
        (_mc(generator=lambda rng: rng.spawn(1)[0]), "another generator than yours"),
        (_mc(calls=lambda n: 1), "not often enough"),
        (_mc(calls=lambda n: n + 1), "predict is called too often"),
        (_mc(axis=None), "mean: expected an array"),
        (lambda predict, x, n, rng: _mc()(predict, x, n, rng)[0], "(mean, std): expected 2 values"),
    ],
    "dropout_mlp_forward": [
        (_forward(scale=False), "dropout is inverted here"),
        (_forward(first=False), "masks[0] is not used"),
        (_forward(second=False), "masks[1] is not used"),
        (_forward(before=True), "keep it after dropout"),
        (_forward(last_relu=True), "after the last layer there is none"),
        (_forward(relu=False), "the hidden units have no ReLU"),
        (_forward(x_relu=True), "not on x"),
        (lambda *a: _forward()(*a)[0], "(logits, cache)"),
        (lambda *a: (_forward()(*a)[0], {"inputs": []}), 'the entry "masks" is missing'),
        (
            lambda x, weights, masks, keep: _forward()(
                x, weights, [m * np.float64(1) for m in masks], np.float64(keep)
            ),
            "float32 has become float64",
        ),
    ],
    "dropout_mlp_backward": [
        (_backward(power=0), "its derivative must be, too"),
        (_backward(power=2), "divided by keep twice on its way down"),
        (_backward(relu=False), "units that ReLU had switched off"),
        (_backward(relu=False, mask=False), "units that are off pass their derivative on"),
        (_backward(twice=True), "have been through dropout"),
        (_backward(slope=True), "ReLU's slope is 1"),
        (_backward(mean=True), "db is a mean over the rows"),
        (_backward(order=1), "the pairs come last layer first"),
        (_zeroed_where_off_in_any_row, "entries are wrong"),
        (lambda *a: _backward()(*a)[:1], "expected a pair for each of 2 layers"),
    ],
}


def _mask_in_a_loop(shape, keep, rng):
    mask = np.zeros(shape)
    for place in np.ndindex(*shape):
        if rng.uniform() < keep:
            mask[place] = 1
    return mask


def _by_a_loop_over_masks(W, b, x, keep):
    total = np.zeros_like(b)
    for mask in itertools.product([0.0, 1.0], repeat=len(x)):
        kept = [x[i] * W[i] for i in range(len(x)) if mask[i]]
        p = keep ** len(kept) * (1 - keep) ** (len(x) - len(kept))
        total = total + p * (sum(kept) + b)
    return total.astype(W.dtype)


def _by_running_sums(predict, x, samples, rng):
    first = predict(x, rng)
    others = [predict(x, rng) - first for _ in range(samples - 1)]
    shift = sum(others, np.zeros_like(first)) / samples
    square = sum([d**2 for d in others], np.zeros_like(first)) / samples
    return first + shift, np.sqrt(np.maximum(square - shift**2, 0))


def _mask_before_relu(x, weights, masks, keep):
    inputs = [np.where(masks[0], x / keep, 0 * x)]
    for (W, b), mask in zip(weights[:-1], masks[1:], strict=True):
        z = inputs[-1] @ W + b
        inputs.append(np.maximum(np.where(mask, z, 0 * z), 0) / keep)
    W, b = weights[-1]
    return inputs[-1] @ W + b, {"inputs": inputs, "masks": masks, "keep": keep}


def _backward_by_sign(dlogits, weights, cache):
    dz, found = dlogits, []
    for (W, _), h in zip(weights[::-1], cache["inputs"][::-1], strict=True):
        found.insert(0, (h.T @ dz, dz.sum(axis=0)))
        dz = (dz @ W.T) * np.sign(np.maximum(h, 0)) / cache["keep"]
    return found


RIGHT = {
    "dropout_mask": [
        lambda s, k, rng: np.where(rng.random(s) < k, 1.0, 0.0),
        lambda s, k, rng: rng.binomial(1, k, size=s).astype(float),
        lambda s, k, rng: 1.0 - (rng.uniform(size=s) >= k),
        _mask_in_a_loop,
    ],
    "dropout_forward": [
        _dropped(lambda keep: 1 / keep),
        lambda y, mask, keep: np.where(mask, y / keep, 0.0),
        lambda y, mask, keep: (y * mask / keep).astype(y.dtype),
    ],
    "dropout_backward": [
        _dropped(lambda keep: 1 / keep),
        lambda dout, mask, keep: np.where(mask == 1, dout, np.zeros_like(dout)) / keep,
    ],
    "weight_scaling": [lambda W, keep: W * keep, lambda W, keep: W - (1 - keep) * W],
    "exact_ensemble": [
        _by_a_loop_over_masks,
        lambda W, b, x, keep: _ensemble()(W, b, x, keep).astype(W.dtype),
    ],
    "mc_dropout": [_mc(), _by_running_sums],
    "dropout_mlp_forward": [_forward(), _mask_before_relu],
    "dropout_mlp_backward": [_backward(), _backward(mask=False), _backward_by_sign],
}


class TestVisibleChecks(VisibleChecks):
    checks = lab05
    library = (dropout,)
    wrong = WRONG
    right = RIGHT
