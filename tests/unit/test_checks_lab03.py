"""Lab 03's visible checks: each mistake is told in words, and right answers pass in any form."""

import math

import numpy as np
from visible_checks import VisibleChecks

from dlcourse.backend import namespace
from dlcourse.checks import lab03
from dlcourse.optim import adaptive, schedules


def _rprop(rest=True, zero=True, undo=False, sized=False, late=False, limit=True, grow_first=False):
    """RProp's step with one thing done wrong."""

    def rprop_step(w, grad, prev_grad, step, up=1.2, down=0.5, step_min=1e-6, step_max=50.0):
        product = grad * prev_grad
        kept = product >= 0 if grow_first else product > 0
        scaled = np.where(kept, step * up, np.where(product < 0, step * down, step))
        scaled = np.clip(scaled, step_min, step_max) if limit else scaled
        flipped = product < 0
        length = step if late else scaled
        move = -length * (grad if sized else np.sign(grad))
        if rest:
            move = np.where(flipped, 0.0, move)
        if undo:
            move = np.where(flipped, step * np.sign(prev_grad), move)
        handed = np.where(flipped, 0.0, grad) if zero else grad
        return (w + move).astype(w.dtype), handed.astype(w.dtype), scaled.astype(w.dtype)

    return rprop_step


def _adagrad(root=True, old=False, keep=1.0, sign=-1.0, with_eps=True, in_sum=False):
    def adagrad_step(w, grad, total, lr, eps=1e-10):
        new = keep * total + grad**2 + (eps if in_sum else 0)
        below = total if old else new
        below = np.sqrt(below) if root else below
        return w + sign * lr * grad / (below + (eps if with_eps else 0)), new

    return adagrad_step


def _rmsprop(shares=lambda g: (g, 1 - g), root=True, old=False, square=True, correct=False):
    def rmsprop_step(w, grad, mean_square, lr=1e-3, gamma=0.9, eps=1e-8):
        keep, take = shares(gamma)
        new = keep * mean_square + take * (grad**2 if square else abs(grad))
        below = (mean_square if old else new) / (1 - gamma if correct else 1)
        return w - lr * grad / ((np.sqrt(below) if root else below) + eps), new

    return rmsprop_step


def _adadelta(above=np.sqrt, below=np.sqrt, feed="step", old=False, upper_eps=True, sign=-1.0):
    def adadelta_step(w, grad, mean_square, mean_step, rho=0.95, eps=1e-6):
        square = rho * mean_square + (1 - rho) * grad**2
        divide = mean_square if old else square
        step = sign * grad * above(mean_step + (eps if upper_eps else 0)) / below(divide + eps)
        fed = {"step": step**2, "slope": grad**2, "size": np.abs(step)}.get(feed)
        if fed is None:
            return w + step, square, mean_step
        return w + step, square, rho * mean_step + (1 - rho) * fed

    return adadelta_step


def _adam(
    correct_m=True,
    correct_v=True,
    power=lambda decay, k: decay**k,
    hand_on_corrected=False,
    above_slope=False,
    root=True,
    order=False,
):
    def adam_step(w, grad, m, v, k, lr=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
        m = delta * m + (1 - delta) * grad
        v = gamma * v + (1 - gamma) * grad**2
        m_hat = m / (1 - power(delta, k)) if correct_m else m
        v_hat = v / (1 - power(gamma, k)) if correct_v else v
        below = np.sqrt(v_hat) if root else v_hat
        w = w - lr * (grad if above_slope else m_hat) / (below + eps)
        m, v = (m_hat, v_hat) if hand_on_corrected else (m, v)
        return (w, v, m) if order else (w, m, v)

    return adam_step


def _adamax(fade=True, size=np.abs, mean=False, correct_m=True, correct_u=False):
    def adamax_step(w, grad, m, u, k, lr=2e-3, delta=0.9, gamma=0.999, eps=1e-8):
        m = delta * m + (1 - delta) * grad
        u = np.maximum((gamma if fade else 1.0) * u, size(grad) + eps)
        if mean:
            u = 0.5 * (u + np.abs(grad))
        below = u / (1 - gamma**k) if correct_u else u
        return w - lr * m / (((1 - delta**k) if correct_m else 1.0) * below), m, u

    return adamax_step


def _adamw(l2=False, after=False, scaled=True, decay=True):
    def adamw_step(w, grad, m, v, k, lr=1e-3, delta=0.9, gamma=0.999, eps=1e-8, weight_decay=1e-2):
        if l2:
            grad = grad + weight_decay * w
        m = delta * m + (1 - delta) * grad
        v = gamma * v + (1 - gamma) * grad**2
        step = lr * (m / (1 - delta**k)) / (np.sqrt(v / (1 - gamma**k)) + eps)
        share = 1 - (lr if scaled else 1.0) * weight_decay if decay and not l2 else 1.0
        return (share * (w - step) if after else share * w - step), m, v

    return adamw_step


def _plateau(
    good=lambda loss, best: loss < best,
    late=lambda bad, patience: bad > patience,
    reset=True,
    forget=False,
    last=False,
    first=False,
):
    def plateau_decay(losses, lr, factor=0.1, patience=5):
        best, bad = math.inf, 0
        for loss in losses:
            if good(loss, best):
                bad = 0
                best = min(best, loss) if not first or best == math.inf else best
            else:
                bad += 1
            if last:
                best = loss
            if late(bad, patience):
                lr *= factor
                bad = 0 if reset else bad
                best = math.inf if forget else best
        return lr

    return plateau_decay


def _in_place_mean(w, grad, mean_square, lr=1e-3, gamma=0.9, eps=1e-8):
    mean_square *= gamma
    mean_square += (1 - gamma) * grad**2
    return w - lr * grad / (np.sqrt(mean_square) + eps), mean_square


WRONG = {
    "rprop_step": [
        (_rprop(rest=False), "it rests for this step"),
        (_rprop(undo=True), "the last step is undone"),
        (_rprop(zero=False), "zero is to come back"),
        (_rprop(sized=True), "only its sign counts"),
        (_rprop(late=True), "not by the new one"),
        (_rprop(limit=False), "step, limits 0.1 and 1"),
        (_rprop(grow_first=True), "zero has no sign, so nothing was kept"),
        (lambda *a: _rprop()(*a[:4], 0.5, 1.2), "up and down are exchanged"),
        (lambda *a: _rprop()(*a)[0], "one array comes back"),
        (lambda *a: _rprop()(*a)[:2], "expected 3 values"),
    ],
    "adagrad_step": [
        (_adagrad(root=False), "you divide by the sum itself"),
        (_adagrad(old=True), "total that came in"),
        (_adagrad(keep=0.0), "the squares of earlier steps are lost"),
        (_adagrad(sign=1.0), "uphill"),
        (_adagrad(with_eps=False), "0/0 = NaN: where is eps?"),
        (_adagrad(in_sum=True), "eps has got into the sum"),
        (lambda w, g, t, lr, eps=0: _adagrad()(w, g, t, lr, 1e-8), "eps makes no difference"),
        (lambda *a: _adagrad()(*a)[::-1], "w comes first"),
    ],
    "rmsprop_step": [
        (_rmsprop(shares=lambda g: (1 - g, g)), "old and new are exchanged"),
        (_rmsprop(shares=lambda g: (1.0, 1.0)), "a sum, not a mean"),
        (_rmsprop(root=False), "not by its root"),
        (_rmsprop(old=True), "mean square that came in"),
        (_rmsprop(square=False), "without being squared"),
        (_rmsprop(correct=True), "w: 1 of 1 entries are wrong"),
        (_in_place_mean, "mean_square: your function changes its argument"),
    ],
    "adadelta_step": [
        (_adadelta(above=lambda x: x), "no root above the line"),
        (_adadelta(above=lambda x: x, below=lambda x: x), "the step has no roots"),
        (_adadelta(old=True), "mean square that came in"),
        (_adadelta(feed="slope"), "not of slopes"),
        (_adadelta(feed="size"), "without being squared"),
        (_adadelta(feed=""), "mean_step has not changed"),
        (_adadelta(upper_eps=False), "never gets going"),
        (_adadelta(sign=1.0), "uphill"),
    ],
    "adam_step": [
        (_adam(correct_m=False), "m is not corrected"),
        (_adam(correct_v=False), "v is not corrected"),
        (_adam(correct_m=False, correct_v=False), "neither m nor v is corrected"),
        (_adam(power=lambda decay, k: decay), "do not know k"),
        (_adam(power=lambda decay, k: decay ** (k - 1)), "not finite"),
        (_adam(hand_on_corrected=True), "the moments come back corrected"),
        (_adam(above_slope=True), "the slope itself stands above the line"),
        (_adam(root=False), "the root below the line is missing"),
        (_adam(order=True), "m and v are exchanged"),
    ],
    "adamax_step": [
        (_adamax(fade=False), "it never fades"),
        (_adamax(size=lambda g: g), "slopes below zero count by their size"),
        (_adamax(mean=True), "u: 1 of 2 entries are wrong"),
        (_adamax(correct_m=False), "m is corrected for its start at zero, u"),
        (_adamax(correct_u=True), "u needs no correction"),
    ],
    "adamw_step": [
        (_adamw(l2=True), "as an L2 penalty would"),
        (_adamw(l2=True), "the moments contain the decay"),
        (_adamw(after=True), "before Adam's move"),
        (_adamw(scaled=False), "not scaled by lr"),
        (_adamw(decay=False), "w does not decay"),
    ],
    "step_decay": [
        (lambda e, lr0, factor=0.5, every=10: lr0 * factor ** (e / every), "between the cuts too"),
        (lambda e, lr0, factor=0.5, every=10: lr0 * factor * (e // every), "epoch 0"),
        (lambda e, lr0, factor=0.5, every=10: lr0 * factor ** ((e + 1) // every), "epoch 9"),
        (lambda e, lr0, factor=0.5, every=10: lr0 * 0.5 ** (e // 10), "cuts every 3 epochs"),
    ],
    "exponential_decay": [
        (lambda e, lr0, rate: lr0 * math.exp(rate * e), "the rate grows"),
        (lambda e, lr0, rate: lr0 * rate**e, "epoch 25 with rate = 0"),
        (lambda e, lr0, rate: lr0 * (1 - rate) ** e, "the rate of epoch 8"),
        (lambda e, lr0, rate: lr0 / (1 + rate * e), "the share that each epoch leaves"),
    ],
    "plateau_decay": [
        (_plateau(late=lambda bad, patience: bad >= patience), "two bad epochs cut already"),
        (_plateau(good=lambda loss, best: loss <= best), "after two equal losses"),
        (_plateau(last=True), "beats the last one, but not the best"),
        (_plateau(reset=False), "a cut starts the count anew"),
        (_plateau(forget=True), "the rate after two cuts"),
        (_plateau(first=True), "compared with the first"),
        (lambda losses, *a: _plateau()(losses[-6:], *a), "seldom: replay all losses"),
    ],
}


def _rprop_by_masks(w, grad, prev_grad, step, up=1.2, down=0.5, step_min=1e-6, step_max=50.0):
    w, grad, step = w.copy(), grad.copy(), step.copy()
    kept, flipped = grad * prev_grad > 0, grad * prev_grad < 0
    step[kept] = np.minimum(step[kept] * up, step_max)
    step[flipped] = np.maximum(step[flipped] * down, step_min)
    grad[flipped] = 0
    w[grad > 0] -= step[grad > 0]
    w[grad < 0] += step[grad < 0]
    return w, grad, step


def _adagrad_eps_inside(w, grad, total, lr, eps=1e-10):
    total = total + np.square(grad)
    return w - lr / np.sqrt(total + eps) * grad, total


def _rmsprop_eps_inside(w, grad, mean_square, lr=1e-3, gamma=0.9, eps=1e-8):
    mean_square = mean_square + (1 - gamma) * (grad * grad - mean_square)
    return w - lr * grad * (mean_square + eps) ** -0.5, mean_square


def _adadelta_eps_outside(w, grad, mean_square, mean_step, rho=0.95, eps=1e-6):
    mean_square = rho * mean_square + (1 - rho) * grad**2
    step = (np.sqrt(mean_step) + eps) / (np.sqrt(mean_square) + eps) * grad
    return w - step, mean_square, rho * mean_step + (1 - rho) * step**2


def _adam_by_rate(w, grad, m, v, k, lr=1e-3, delta=0.9, gamma=0.999, eps=1e-8):
    """The corrections gathered in the rate, ε inside the root: the paper's faster form."""
    m = m + (1 - delta) * (grad - m)
    v = v + (1 - gamma) * (grad * grad - v)
    rate = lr * math.sqrt(1 - gamma**k) / (1 - delta**k)
    return w - rate * m / np.sqrt(v + eps * eps + (1 - gamma**k) * eps), m, v


def _adamax_eps_below(w, grad, m, u, k, lr=2e-3, delta=0.9, gamma=0.999, eps=1e-8):
    m = delta * m + (1 - delta) * grad
    u = np.max(np.stack([gamma * u, np.abs(grad)]), axis=0)
    return w - lr / (1 - delta**k) * m / (u + eps), m, u


def _adamw_on_adam(w, grad, m, v, k, lr=1e-3, delta=0.9, gamma=0.999, eps=1e-8, weight_decay=1e-2):
    return _adam()(w - lr * weight_decay * w, grad, m, v, k, lr, delta, gamma, eps)


def _through_namespace(w, grad, total, lr, eps=1e-10):
    xp = namespace(w)
    total = xp.add(total, xp.square(grad))
    return w - lr * grad / (xp.sqrt(total) + eps), total


def _plateau_by_counting(losses, lr, factor=0.1, patience=5):
    since = 0
    for i, loss in enumerate(losses):
        improved = all(loss < earlier for earlier in losses[:i])
        since = 0 if improved else since + 1
        if since == patience + 1:
            lr, since = factor * lr, 0
    return lr


def _step_by_loop(epoch, lr0, factor=0.5, every=10):
    for e in range(1, epoch + 1):
        lr0 = lr0 * factor if e % every == 0 else lr0
    return lr0


RIGHT = {
    "rprop_step": [_rprop(), _rprop_by_masks],
    "adagrad_step": [_adagrad(), _adagrad_eps_inside, _through_namespace],
    "rmsprop_step": [_rmsprop(), _rmsprop_eps_inside],
    "adadelta_step": [_adadelta(), _adadelta_eps_outside],
    "adam_step": [_adam(), _adam_by_rate],
    "adamax_step": [_adamax(), _adamax_eps_below],
    "adamw_step": [_adamw(), _adamw_on_adam],
    "step_decay": [_step_by_loop, lambda e, lr0, f=0.5, n=10: lr0 * f ** math.floor(e / n)],
    "exponential_decay": [lambda e, lr0, rate: lr0 * np.exp(-rate) ** e],
    "plateau_decay": [_plateau(), _plateau_by_counting],
}


class TestVisibleChecks(VisibleChecks):
    checks = lab03
    library = (adaptive, schedules)
    wrong = WRONG
    right = RIGHT
