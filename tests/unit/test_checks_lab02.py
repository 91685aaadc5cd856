"""Lab 02's visible checks: what they tell of wrong answers, and that right ones pass."""

import time

import numpy as np
import pytest
from visible_checks import VisibleChecks

from dlcourse.checks import lab02
from dlcourse.optim import momentum, quadratic


def _path(step, w, state, steps, first=True):
    path = [w] if first else []
    for _ in range(steps):
        w, state = step(w, state)
        path.append(w)
    return np.stack(path)


def _path_from_the_start(step, w, state, steps):
    return np.stack([w] + [step(w, state)[0] for _ in range(steps)])


def _path_with_one_state(step, w, state, steps):
    return _path(lambda w, _: (step(w, state)[0], None), w, state, steps)


def _path_with_two_calls(step, w, state, steps):
    path = [w]
    for _ in range(steps):
        w, state = step(w, state)[0], step(w, state)[1]
        path.append(w)
    return np.stack(path)


def _path_with_a_velocity(step, w, state, steps):
    return _path(step, w, np.zeros_like(w), steps)


def _path_of_float64(step, w, state, steps):
    path = np.zeros((steps + 1, *w.shape))
    path[:] = _path(step, w, state, steps)
    return path


def _heavy(w, grad, velocity, lr, beta=0.9):
    velocity = beta * velocity - lr * grad
    return w + velocity, velocity


def _heavy_uphill(w, grad, velocity, lr, beta=0.9):
    velocity = beta * velocity + lr * grad
    return w + velocity, velocity


def _heavy_as_torch(w, grad, velocity, lr, beta=0.9):
    velocity = beta * velocity + grad
    return w - lr * velocity, velocity


def _heavy_as_mean(w, grad, velocity, lr, beta=0.9):
    velocity = beta * velocity - (1 - beta) * lr * grad
    return w + velocity, velocity


def _heavy_old_velocity(w, grad, velocity, lr, beta=0.9):
    return w + velocity - lr * grad, beta * velocity - lr * grad


def _heavy_exchanged(w, grad, velocity, lr, beta=0.9):
    return _heavy(w, grad, velocity, lr, beta)[::-1]


def _heavy_without_friction(w, grad, velocity, lr, beta=0.9):
    return _heavy(w, grad, velocity, lr, 1.0)


def _heavy_fixed_beta(w, grad, velocity, lr, beta=0.9):
    return _heavy(w, grad, velocity, lr)


def _heavy_forgets(w, grad, velocity, lr, beta=0.9):
    return w - lr * grad, -lr * grad


def _heavy_in_place(w, grad, velocity, lr, beta=0.9):
    velocity *= beta
    velocity -= lr * grad
    return w + velocity, velocity


def _heavy_default_half(w, grad, velocity, lr, beta=0.5):
    return _heavy(w, grad, velocity, lr, beta)


def _heavy_float64(w, grad, velocity, lr, beta=0.9):
    return _heavy(w, grad, velocity.astype(float), lr, beta)


def _ahead(look=1.0, start_ahead=False):
    """Nesterov's step, looking ahead by `look` times beta·velocity."""

    def nesterov_step(w, grad, velocity, lr, beta=0.9):
        ahead = w + look * beta * velocity
        velocity = beta * velocity - lr * grad(ahead)
        return (ahead if start_ahead else w) + velocity, velocity

    return nesterov_step


def _ahead_by_all(w, grad, velocity, lr, beta=0.9):
    velocity, ahead = beta * velocity, w + velocity
    velocity = velocity - lr * grad(ahead)
    return w + velocity, velocity


def _ahead_twice(w, grad, velocity, lr, beta=0.9):
    moved = w + beta * velocity - lr * grad(w + beta * velocity)
    return moved, beta * velocity - lr * grad(w + beta * velocity)


def _ahead_of_a_number(w, grad, velocity, lr, beta=0.9):
    g = np.array([grad(x) for x in (w + beta * velocity).tolist()])
    return _heavy(w, g, velocity, lr, beta)


def _moved_lookahead(share):
    """The rearranged step with w_ahead + v' + share(β, v', v)."""

    def nesterov_step_rearranged(w_ahead, grad_ahead, velocity, lr, beta=0.9):
        faster = beta * velocity - lr * grad_ahead
        return w_ahead + faster + share(beta, faster, velocity), faster

    return nesterov_step_rearranged


_right_lookahead = _moved_lookahead(lambda beta, faster, velocity: beta * (faster - velocity))


def _rearranged_with_function(w_ahead, grad_ahead, velocity, lr, beta=0.9):
    return _right_lookahead(w_ahead, grad_ahead(w_ahead), velocity, lr, beta)


def _ball(lr=None, beta=None, rate=None):
    """The heavy ball's optimum, with what is given in place of the right value."""

    def heavy_ball_optimum(mu, L):
        root = (L**0.5 - mu**0.5) / (L**0.5 + mu**0.5)
        right = 4 / (L**0.5 + mu**0.5) ** 2, root**2, root
        changed = [f and f(mu, L, *right) for f in (lr, beta, rate)]
        return tuple(
            value if new is None else new for new, value in zip(changed, right, strict=True)
        )

    return heavy_ball_optimum


def _quick(w, grad, prev_grad, prev_step, sign=1.0, top=None, rest=0.0):
    with np.errstate(all="ignore"):
        step = sign * prev_step * (grad if top is None else top) / (prev_grad - grad)
    if rest is not None:
        step = np.where(prev_grad == grad, rest, step).astype(w.dtype)
    return w + step, step


WRONG = {
    "minimize": [
        (lambda *a: _path(*a, first=False), "one point is missing; the start counts too"),
        (lambda *a: _path(*a)[-1], "the last point only"),
        (lambda *a: list(_path(*a)), "stack the points into one array"),
        (lambda *a: (_path(*a), None), "only the path is asked for"),
        (_path_from_the_start, "hand on the w that the last one gave"),
        (_path_with_one_state, "every step is given the first state"),
        (_path_with_two_calls, "step is not called once an update (4 updates, 8 calls)"),
        (_path_with_a_velocity, "the first step got for its state an array"),
        (_path_of_float64, "expected dtype float32, got float64"),
    ],
    "momentum_step": [
        (_heavy_uphill, "points uphill"),
        (_heavy_as_torch, "here lr belongs inside it"),
        (_heavy_as_mean, "do not add up to one"),
        (_heavy_old_velocity, "not by the new one"),
        (_heavy_exchanged, "w comes first"),
        (_heavy_without_friction, "kept whole"),
        (_heavy_fixed_beta, "beta = 0.8 was given, and 0.9 is used"),
        (_heavy_forgets, "the velocity is forgotten"),
        (_heavy_default_half, "velocity: 1 of 1 entries are wrong"),
        (_heavy_in_place, "velocity: your function changes its argument"),
        (_heavy_float64, "expected dtype float32, got float64"),
        (lambda *a: _heavy(*a)[0], "one array comes back"),
    ],
    "nesterov_step": [
        (_ahead(look=0.0), "look ahead first"),
        (_ahead(look=-1.0), "you look back"),
        (_ahead_by_all, "only beta of it will be kept"),
        (_ahead(start_ahead=True), "the move starts at w"),
        (_ahead_twice, "grad was called 2 times"),
        (_ahead_of_a_number, "it wants an array like w"),
        (_heavy, "unsupported operand"),
        (lambda w, g, v, lr, beta=0.5: _ahead()(w, g, v, lr, beta), "with beta left out"),
        (lambda *a: _ahead()(*a)[0], "one array comes back"),
    ],
    "nesterov_step_rearranged": [
        (_heavy, "this is the new w"),
        (_moved_lookahead(lambda b, new, old: b * new), "the old look-ahead is still in it"),
        (_moved_lookahead(lambda b, new, old: b * (old - new)), "the last term has the wrong sign"),
        (
            _moved_lookahead(lambda b, new, old: b * (new - b * old)),
            "the move of w = w_ahead − beta · velocity",
        ),
        (_rearranged_with_function, "not callable"),
        (lambda w, g, v, lr, beta=0.9: _right_lookahead(w, -g, v, lr, beta), "points uphill"),
    ],
    "gd_optimum": [
        (lambda mu, L: (1 / L, 1 - mu / L), "suits the steep direction alone"),
        (lambda mu, L: ((L - mu) / (L + mu), 2 / (L + mu)), "lr comes first"),
        (lambda mu, L: (2 / (L + mu), (mu - L) / (L + mu)), "not negative"),
        (lambda mu, L: (1 / (L + mu), (L - mu) / (L + mu)), "a larger learning rate"),
        (lambda mu, L: 2 / (L + mu), "expected 2 values"),
    ],
    "heavy_ball_optimum": [
        (_ball(beta=lambda mu, L, lr, b, r: r), "it is not the rate itself"),
        (lambda mu, L: _ball()(mu, L)[::2] + _ball()(mu, L)[1:2], "are exchanged"),
        (
            lambda mu, L: (2 / (L + mu), ((L - mu) / (L + mu)) ** 2, (L - mu) / (L + mu)),
            "where are the roots",
        ),
        (_ball(lr=lambda mu, L, lr, b, r: lr / 2), "lr: the value is wrong"),
        (lambda mu, L: _ball()(L, mu), "rate: it lies from 0 up to 1"),
        (_ball(rate=lambda mu, L, lr, b, r: b), "rate: the value is wrong"),
        (lambda mu, L: _ball()(mu, L)[:2], "expected 3 values"),
    ],
    "newton_step": [
        (lambda w, g, H, lr=1.0: w - lr * np.linalg.inv(H) @ g, "an inverse loses digits"),
        (lambda w, g, H, lr=1.0: w + lr * np.linalg.solve(H, g), "mind the sign"),
        (lambda w, g, H, lr=1.0: w - lr * H @ g, "the wrong way"),
        (lambda w, g, H, lr=1.0: w - lr * g / np.diag(H), "only the diagonal"),
        (lambda w, g, H, lr=1.0: w - np.linalg.solve(H, g), "lr is ignored"),
        (
            lambda w, g, H, lr=1.0: w[:, None] - lr * np.linalg.solve(H, g[:, None]),
            "keep it a vector",
        ),
        (lambda w, g, H, lr=1.0: w - lr * g / H, "expected shape (2,), got (2, 2)"),
    ],
    "quickprop_step": [
        (lambda *a: _quick(*a, sign=-1.0), "the order in the difference"),
        (lambda *a: _quick(*a, top=a[2]), "the earlier slope"),
        (lambda *a: _quick(*a, rest=None), "NaN has come in"),
        (lambda *a: _quick(*a)[::-1], "w comes first"),
        (lambda *a: _quick(*a)[0], "one array comes back"),
        (
            lambda w, g, p, s: (w + s * g / (p - g + 1e-3), s * g / (p - g + 1e-3)),
            "w: 4 of 4 entries are wrong",
        ),
        (
            lambda w, g, p, s: (w + np.abs(s * g / (p - g)), np.abs(s * g / (p - g))),
            "it turns back uphill",
        ),
    ],
}


def _path_into_array(step, w, state, steps):
    path = np.empty((steps + 1, *w.shape), dtype=w.dtype)
    path[0] = w
    for k in range(steps):
        path[k + 1], state = step(path[k], state)
    return path


def _heavy_by_two_moves(w, grad, velocity, lr, beta=0.9):
    moved = w - lr * grad + velocity * beta
    return moved, moved - w


def _ahead_by_two_moves(w, grad, velocity, lr, beta=0.9):
    ahead = w + beta * velocity
    moved = ahead - lr * grad(ahead)
    return moved, moved - w


def _rearranged_by_recovery(w_ahead, grad_ahead, velocity, lr, beta=0.9):
    w = w_ahead - beta * velocity
    faster = beta * velocity - lr * grad_ahead
    return w + faster + beta * faster, faster


def _gd_by_condition(mu, L):
    kappa = L / mu
    return 1 / ((mu + L) / 2), (kappa - 1) / (kappa + 1)


def _ball_by_condition(mu, L):
    root = np.sqrt(L / mu)
    rate = (root - 1) / (root + 1)
    return (1 - rate) ** 2 / mu, rate**2, rate


def _newton_by_least_squares(w, grad, hessian, lr=1.0):
    return w - lr * np.linalg.lstsq(hessian, grad, rcond=None)[0]


def _quick_by_mask(w, grad, prev_grad, prev_step):
    step = np.zeros_like(w)
    bent = prev_grad != grad
    step[bent] = prev_step[bent] * grad[bent] / (prev_grad[bent] - grad[bent])
    return w + step, step


def _quick_by_curvature(w, grad, prev_grad, prev_step):
    bend = grad - prev_grad
    step = -np.divide(grad * prev_step, bend, out=np.zeros_like(bend), where=bend != 0)
    return w + step, step


RIGHT = {
    "minimize": [_path_into_array, _path],
    "momentum_step": [_heavy_by_two_moves, _heavy],
    "nesterov_step": [_ahead_by_two_moves, _ahead()],
    "nesterov_step_rearranged": [
        _rearranged_by_recovery,
        _moved_lookahead(lambda beta, faster, velocity: beta * faster - beta * velocity),
    ],
    "gd_optimum": [_gd_by_condition],
    "heavy_ball_optimum": [_ball_by_condition, _ball()],
    "newton_step": [
        _newton_by_least_squares,
        lambda w, grad, hessian, lr=1.0: w + np.linalg.solve(hessian, -lr * grad),
    ],
    "quickprop_step": [_quick_by_mask, _quick_by_curvature, _quick],
}


@pytest.mark.parametrize("task", lab02.__all__)
def test_a_check_takes_less_than_a_fifth_of_a_second(task):
    started = time.process_time()
    getattr(lab02, task)(RIGHT[task][0])
    assert time.process_time() - started < 0.2


class TestVisibleChecks(VisibleChecks):
    checks = lab02
    library = (momentum, quadratic)
    wrong = WRONG
    right = RIGHT
