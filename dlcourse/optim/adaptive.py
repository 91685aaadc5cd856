"""Optimizers with a step size for each parameter, from RProp and AdaGrad to AdamW.

ε keeps a division finite. It stands where PyTorch puts it: outside the root, but for AdaDelta.
Putting it inside, as decks 000 and 002 do, is as good.
"""

from __future__ import annotations

from dlcourse.backend import Array, namespace


def rprop_step(
    w: Array,
    grad: Array,
    prev_grad: Array,
    step: Array,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
) -> tuple[Array, Array, Array]:
    """One step of resilient propagation (iRprop−): only the sign of each slope counts.

    step' = step·up where the slope kept its sign, step·down where it changed, else step, all
    within [step_min, step_max];  w' = w − step'·sign(grad)

    Where the sign changed, the gradient is taken to be zero: the parameter rests for this step,
    and the next one neither grows nor shrinks. The RProp of 1993 would undo the last step there.

    Args:
        w: parameters, any shape.
        grad: the gradient at w, same shape.
        prev_grad: what the last step returned, same shape; zeros at the start.
        step: the step sizes, same shape, positive.
        up: factor for a slope that kept its sign.
        down: factor for one that changed it.
        step_min: the smallest step size.
        step_max: the largest.

    Returns:
        ``(w', grad', step')``; grad' is the gradient, zeroed where its sign changed.

    Source: 000, "Quiz 3"; Igel and Hüsken, 2000.
    """
    xp = namespace(w, grad, prev_grad, step)
    agreement = xp.sign(grad) * xp.sign(prev_grad)
    scaled = xp.where(agreement > 0, step * up, xp.where(agreement < 0, step * down, step))
    step = xp.clip(scaled, step_min, step_max)
    grad = xp.where(agreement < 0, xp.zeros_like(grad), grad)
    return w - step * xp.sign(grad), grad, step


def adagrad_step(
    w: Array, grad: Array, total: Array, lr: float, eps: float = 1e-10
) -> tuple[Array, Array]:
    """One step of AdaGrad: a parameter that has seen much gradient moves little.

    G' = G + g²,  w' = w − lr·g/(√G' + ε)

    Args:
        w: parameters, any shape.
        grad: g, the gradient at w, same shape.
        total: G, the sum of all squared gradients, same shape; zeros at the start.
        lr: the learning rate η.
        eps: ε, outside the root.

    Returns:
        ``(w', G')``.

    Source: 003, "AdaGrad update"; Duchi, Hazan and Singer, 2011.
    """
    xp = namespace(w, grad, total)
    total = total + grad * grad
    return w - lr * grad / (xp.sqrt(total) + eps), total


def rmsprop_step(
    w: Array,
    grad: Array,
    mean_square: Array,
    lr: float = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> tuple[Array, Array]:
    """One step of RMSprop: AdaGrad that forgets.

    E' = γ·E + (1−γ)·g²,  w' = w − lr·g/(√E' + ε)

    Args:
        w: parameters, any shape.
        grad: g, the gradient at w, same shape.
        mean_square: E, the running mean of g², same shape; zeros at the start.
        lr: the learning rate η.
        gamma: how much of the running mean is kept.
        eps: ε, outside the root.

    Returns:
        ``(w', E')``.

    Source: 000 and 002, "RMS Prop"; 003, "RMSProp"; Tieleman and Hinton, 2012.
    """
    xp = namespace(w, grad, mean_square)
    mean_square = gamma * mean_square + (1 - gamma) * (grad * grad)
    return w - lr * grad / (xp.sqrt(mean_square) + eps), mean_square


def adadelta_step(
    w: Array,
    grad: Array,
    mean_square: Array,
    mean_step: Array,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> tuple[Array, Array, Array]:
    """One step of AdaDelta: RMSprop whose learning rate is the size of its own latest steps.

    E' = ρ·E + (1−ρ)·g²,  s = −g·√(S+ε)/√(E'+ε),  S' = ρ·S + (1−ρ)·s²,  w' = w + s

    The learning rate is 1. Here ε is inside the roots in the paper too, since it sets the size of
    the first step.

    Args:
        w: parameters, any shape.
        grad: g, the gradient at w, same shape.
        mean_square: E, the running mean of g², same shape; zeros at the start.
        mean_step: S, the running mean of s², same shape; zeros at the start.
        rho: how much of the running means is kept.
        eps: ε, inside both roots.

    Returns:
        ``(w', E', S')``.

    Source: 002, "Other variants of the same theme"; Zeiler, 2012.
    """
    xp = namespace(w, grad, mean_square, mean_step)
    mean_square = rho * mean_square + (1 - rho) * (grad * grad)
    step = -grad * xp.sqrt(mean_step + eps) / xp.sqrt(mean_square + eps)
    mean_step = rho * mean_step + (1 - rho) * (step * step)
    return w + step, mean_square, mean_step


def adam_step(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """One step of Adam: momentum over RMSprop, both corrected for their start at zero.

    m' = δ·m + (1−δ)·g,  v' = γ·v + (1−γ)·g²
    w' = w − lr·m̂/(√v̂ + ε)  with m̂ = m'/(1−δᵏ), v̂ = v'/(1−γᵏ)

    Args:
        w: parameters, any shape.
        grad: g, the gradient at w, same shape.
        m: the running mean of g, same shape; zeros at the start.
        v: the running mean of g², same shape; zeros at the start.
        k: the number of this step, from 1.
        lr: the learning rate η.
        delta: δ, how much of m is kept.
        gamma: γ, how much of v is kept.
        eps: ε, outside the root.

    Returns:
        ``(w', m', v')``, the moments without their correction.

    Source: 002, "ADAM: RMSprop with momentum"; 003, "Adam (full form)"; Kingma and Ba, 2015.
    """
    xp = namespace(w, grad, m, v)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * (grad * grad)
    m_hat = m / (1 - delta**k)
    v_hat = v / (1 - gamma**k)
    return w - lr * m_hat / (xp.sqrt(v_hat) + eps), m, v


def adamax_step(
    w: Array,
    grad: Array,
    m: Array,
    u: Array,
    k: int,
    lr: float = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """One step of AdaMax: Adam with the largest recent slope for the root mean square.

    m' = δ·m + (1−δ)·g,  u' = max(γ·u, |g| + ε),  w' = w − lr·m'/((1−δᵏ)·u')

    A maximum that starts at zero is right from the first step on, so u needs no correction. The
    paper has no ε; it stands here where PyTorch puts it.

    Args:
        w: parameters, any shape.
        grad: g, the gradient at w, same shape.
        m: the running mean of g, same shape; zeros at the start.
        u: the decaying maximum of |g|, same shape; zeros at the start.
        k: the number of this step, from 1.
        lr: the learning rate η.
        delta: δ, how much of m is kept.
        gamma: γ, how fast the maximum decays.
        eps: ε, added to |g|.

    Returns:
        ``(w', m', u')``.

    Source: 002, "Other variants of the same theme"; Kingma and Ba, 2015.
    """
    xp = namespace(w, grad, m, u)
    m = delta * m + (1 - delta) * grad
    u = xp.maximum(gamma * u, xp.abs(grad) + eps)
    return w - lr * m / ((1 - delta**k) * u), m, u


def adamw_step(
    w: Array,
    grad: Array,
    m: Array,
    v: Array,
    k: int,
    lr: float = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Array, Array, Array]:
    """One step of AdamW: the weights decay by themselves, outside Adam's scaling.

    w' = (1 − lr·λ)·w − lr·m̂/(√v̂ + ε), with the moments of Adam

    An L2 penalty would put λ·w into g, and so divide the decay by √v̂.

    Args:
        w: parameters, any shape.
        grad: g, the gradient of the loss without penalty, same shape.
        m: the running mean of g, same shape; zeros at the start.
        v: the running mean of g², same shape; zeros at the start.
        k: the number of this step, from 1.
        lr: the learning rate η.
        delta: δ, how much of m is kept.
        gamma: γ, how much of v is kept.
        eps: ε, outside the root.
        weight_decay: λ.

    Returns:
        ``(w', m', v')``, the moments without their correction.

    Source: 003, "AdamW: Decoupled Weight Decay"; Loshchilov and Hutter, 2019.
    """
    xp = namespace(w, grad, m, v)
    m = delta * m + (1 - delta) * grad
    v = gamma * v + (1 - gamma) * (grad * grad)
    m_hat = m / (1 - delta**k)
    v_hat = v / (1 - gamma**k)
    return w * (1 - lr * weight_decay) - lr * m_hat / (xp.sqrt(v_hat) + eps), m, v
