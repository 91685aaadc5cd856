"""A small problem to train on: softmax regression on a hundred digits."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from dlcourse.backend import namespace
from dlcourse.optim.transform import Optimizer

STEP = 0.5


def softmax_loss(params, X, labels):
    """Mean cross entropy of softmax regression and its gradient, NumPy or torch."""
    xp = namespace(X)
    W, b = params
    logits = X @ W + b
    shifted = logits - xp.max(logits, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    truth = xp.astype(labels[:, None] == xp.arange(W.shape[1]), X.dtype)
    dlogits = (xp.exp(log_p) - truth) / X.shape[0]
    loss = -xp.sum(truth * log_p) / X.shape[0]
    return loss, [X.T @ dlogits, xp.sum(dlogits, axis=0)]


def counting_descent(lr=STEP):
    """Gradient descent whose state is the number of updates."""
    return Optimizer(
        init=lambda params: 0,
        step=lambda params, grads, k: (
            [w - lr * g for w, g in zip(params, grads, strict=True)],
            k + 1,
        ),
    )


def problem():
    X, labels = load_digits(return_X_y=True)
    return X[:100] / 16, labels[:100], [np.zeros((64, 10)), np.zeros(10)]


def cut(X, labels, batch_size=30):
    """A function of the epoch: that epoch's minibatches, the last of them short."""

    def batches(epoch):
        order = np.random.default_rng(epoch).permutation(len(X))
        pieces = np.split(order, range(batch_size, len(X), batch_size))
        return [(X[rows], labels[rows]) for rows in pieces]

    return batches
