"""Lab 06's visible checks of the statistics of signals and gradients."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_tuple


def activation_statistics(function: object) -> None:
    """Check ``activation_statistics(x, weights, nonlinearity) -> (means, stds)``."""
    run_properties(
        "activation_statistics",
        function,
        [
            _signal_shape,
            _signal_relu_by_hand,
            _signal_tanh_by_hand,
            _signal_linear_range,
            _signal_other_name,
            _signal_float32,
        ],
    )


def gradient_statistics(function: object) -> None:
    """Check ``gradient_statistics(dout, activations, weights, nonlinearity) -> stds``."""
    run_properties(
        "gradient_statistics",
        function,
        [
            _back_shape,
            _back_last,
            _back_relu_by_hand,
            _back_tanh_by_hand,
            _back_differences,
            _back_other_name,
            _back_float32,
        ],
    )


def saturated_fraction(function: object) -> None:
    """Check ``saturated_fraction(y, threshold=0.97)``."""
    run_properties(
        "saturated_fraction",
        function,
        [_flat_by_hand, _flat_both_signs, _flat_border, _flat_threshold, _flat_none_and_all],
    )


def _net(seed: int, widths: tuple[int, ...] = (3, 4, 3, 2)) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in pairwise(widths)]


def _both(value: object, layers: int) -> tuple[np.ndarray, np.ndarray]:
    means, stds = check_tuple(value, 2, "(means, stds)")
    check_array(means, (layers,), "means")
    check_array(stds, (layers,), "stds")
    return np.asarray(means), np.asarray(stds)


def _signal_shape(function: Function) -> None:
    """It returns two arrays, means and stds, with an entry a layer."""
    x = np.random.default_rng(0).standard_normal((5, 3))
    for nonlinearity in ("tanh", "relu"):
        _both(function(x, _net(1), nonlinearity), 3)


def _signal_relu_by_hand(function: Function) -> None:
    """ReLU, two layers: outputs 1, 0, 3, 3 and then 1, 0 have means 1.75, 0.5, stds 1.299, 0.5."""
    x = np.array([[2.0, -1.0], [0.0, 3.0]])
    weights = [np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([[1.0], [-1.0]])]
    means, stds = _both(function(x, weights, "relu"), 2)
    if np.isclose(means[0], 1.0):
        raise CheckError("means: these are of z; take them after the nonlinearity")
    if np.isclose(stds[0], 1.75) and np.isclose(means[0], np.sqrt(1.6875)):
        raise CheckError("means and stds are exchanged: means come first")
    if np.isclose(stds[0], 1.6875):
        raise CheckError("stds: these are variances")
    if np.isclose(stds[0], 1.5):
        raise CheckError("stds: divide by the number of entries, not by one less")
    check_close(means, np.array([1.75, 0.5]), "means")
    check_close(stds, np.array([np.sqrt(1.6875), 0.5]), "stds")


def _signal_tanh_by_hand(function: Function) -> None:
    """tanh, two layers: outputs 0.5, −0.5 and then 0.8 have means 0, 0.8, stds 0.5, 0."""
    half = np.arctanh(0.5)
    weights = [np.eye(2), np.array([[2 * np.arctanh(0.8)], [0.0]])]
    means, stds = _both(function(np.array([[half, -half]]), weights, "tanh"), 2)
    if np.isclose(stds[0], half):
        raise CheckError("stds: these are of z; take them after the nonlinearity")
    if np.isclose(means[0], half / 2):
        raise CheckError("the negative half is lost: is it ReLU that is applied?")
    check_close(means, np.array([0.0, 0.8]), "means")
    check_close(stds, np.array([0.5, 0.0]), "stds")


def _signal_linear_range(function: Function) -> None:
    """Tiny signals pass tanh as they are: doubling each layer's weights doubles its factor."""
    x = 1e-6 * np.random.default_rng(2).standard_normal((6, 3))
    weights = _net(3)
    _, before = _both(function(x, weights, "tanh"), 3)
    _, after = _both(function(x, [2 * W for W in weights], "tanh"), 3)
    check_close(after, before * np.array([2.0, 4.0, 8.0]), "stds", rtol=1e-6, atol=0.0)


def check_refused(function: Function, *args: object) -> None:
    """`function` raises a ValueError for a nonlinearity "swish", after the other arguments."""
    try:
        function(*args, "swish")
    except ValueError:
        return
    raise CheckError('a ValueError is wanted for the nonlinearity "swish", and none came')


def _signal_other_name(function: Function) -> None:
    """A nonlinearity of another name raises a ValueError."""
    check_refused(function, np.ones((2, 3)), _net(1))


def _signal_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    x = np.ones((2, 3), dtype=np.float32)
    for nonlinearity in ("tanh", "relu"):
        value = function(x, [W.astype(np.float32) for W in _net(1)], nonlinearity)
        means, stds = check_tuple(value, 2, "(means, stds)")
        check_array(means, (3,), "means", dtype=np.float32)
        check_array(stds, (3,), "stds", dtype=np.float32)


def _onward(y: np.ndarray, weights: list[np.ndarray], nonlinearity: str) -> list[np.ndarray]:
    outputs = [y]
    for W in weights:
        z = outputs[-1] @ W
        outputs.append(np.tanh(z) if nonlinearity == "tanh" else np.where(z > 0, z, 0.0 * z))
    return outputs


def _back_shape(function: Function) -> None:
    """It returns one array with an entry a layer."""
    weights, x = _net(4), np.random.default_rng(5).standard_normal((4, 3))
    for nonlinearity in ("tanh", "relu"):
        outputs = _onward(x, weights, nonlinearity)[1:]
        stds = function(np.ones((4, 2)), outputs, weights, nonlinearity)
        if isinstance(stds, np.ndarray) and stds.shape == (4,):
            raise CheckError("stds: one too many; the first is that by y_1, not by x")
        check_array(stds, (3,), "stds")


def _back_last(function: Function) -> None:
    """The last entry is the standard deviation of dout, since dout is the derivative by y_L."""
    dout = np.array([[1.0, 2.0], [5.0, 4.0]])
    weights = _net(6, (2, 2))
    outputs = _onward(np.ones((2, 2)), weights, "tanh")[1:]
    stds = function(dout, outputs, weights, "tanh")
    check_array(stds, (1,), "stds")
    if not np.isclose(stds[0], np.sqrt(2.5)) and np.isclose(stds[0], np.sqrt(11.5)):
        raise CheckError("stds: this is a root mean square; a std is taken about the mean")
    check_close(stds, np.array([np.sqrt(2.5)]), "stds")


_HAND_WEIGHTS = [np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([[1.0], [-1.0]])]


def _check_hand(stds: object, first: float, last: float, without: float) -> None:
    check_array(stds, (2,), "stds")
    values = np.asarray(stds)
    if np.allclose(values, [last, first]):
        raise CheckError("stds: the order is reversed; the first layer comes first")
    if np.isclose(values[0], without):
        raise CheckError(
            "stds: on the way from y_2 to y_1 the nonlinearity's slope is missing,"
            " or not right where y_2 is 0"
        )
    check_close(values, np.array([first, last]), "stds")


def _back_relu_by_hand(function: Function) -> None:
    """ReLU: y_2 = (1, 0) lets the first row of dout pass and stops the second."""
    outputs = [np.array([[1.0, 0.0], [3.0, 3.0]]), np.array([[1.0], [0.0]])]
    dout = np.array([[2.0], [4.0]])
    stds = function(dout, outputs, _HAND_WEIGHTS, "relu")
    _check_hand(stds, np.sqrt(2.0), 1.0, np.sqrt(10.0))


def _back_tanh_by_hand(function: Function) -> None:
    """tanh: at y_2 = 0.5 its slope is 0.75, at y_2 = 0 it is 1."""
    outputs = [np.array([[0.1, 0.2], [-0.3, 0.4]]), np.array([[0.5], [0.0]])]
    dout = np.array([[4.0], [1.0]])
    stds = function(dout, outputs, _HAND_WEIGHTS, "tanh")
    check_array(stds, (2,), "stds")
    slope = 1 - np.tanh(0.5) ** 2
    if np.isclose(stds[0], np.sqrt(((4 * slope) ** 2 + 1) / 2)):
        raise CheckError("stds: y_2 has been through tanh already; its slope follows from y_2")
    _check_hand(stds, np.sqrt(5.0), 1.5, np.sqrt(8.5))


def _back_differences(function: Function) -> None:
    """In three layers it agrees with what small changes of each output do to the loss."""
    rng = np.random.default_rng(7)
    weights = _net(8, (3, 4, 4, 2))
    x, dout = rng.standard_normal((5, 3)), rng.standard_normal((5, 2)) + 0.5
    for nonlinearity in ("tanh", "relu"):
        outputs = _onward(x, weights, nonlinearity)[1:]
        expected = [
            _differences(y, weights[k + 1 :], nonlinearity, dout).std()
            for k, y in enumerate(outputs)
        ]
        stds = function(dout, outputs, weights, nonlinearity)
        name = f'stds, "{nonlinearity}"'
        check_close(stds, np.array(expected), name, rtol=1e-5, atol=1e-8)


def _differences(
    y: np.ndarray, weights: list[np.ndarray], nonlinearity: str, dout: np.ndarray
) -> np.ndarray:
    """dL/dy by central differences, for L = Σ dout·(what the remaining layers make of y)."""
    h, slopes = 1e-6, np.empty_like(y)
    for i in np.ndindex(y.shape):
        losses = []
        for step in (h, -h):
            moved = y.copy()
            moved[i] += step
            losses.append(float((dout * _onward(moved, weights, nonlinearity)[-1]).sum()))
        slopes[i] = (losses[0] - losses[1]) / (2 * h)
    return slopes


def _back_other_name(function: Function) -> None:
    """A nonlinearity of another name raises a ValueError."""
    weights = _net(4)
    outputs = _onward(np.ones((4, 3)), weights, "tanh")[1:]
    check_refused(function, np.ones((4, 2)), outputs, weights)


def _back_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    weights = [W.astype(np.float32) for W in _net(4)]
    for nonlinearity in ("tanh", "relu"):
        outputs = _onward(np.ones((4, 3), dtype=np.float32), weights, nonlinearity)[1:]
        stds = function(np.ones((4, 2), dtype=np.float32), outputs, weights, nonlinearity)
        check_array(stds, (3,), "stds", dtype=np.float32)


def _flat_by_hand(function: Function) -> None:
    """Of 0.99, 0.5, 1 and 0.2 one half is beyond 0.97, which is the default."""
    share = function(np.array([0.99, 0.5, 1.0, 0.2]))
    if isinstance(share, int | np.integer) and share == 2:
        raise CheckError("the share: this is a count; divide by the number of entries")
    check_close(share, 0.5, "the share")


def _flat_both_signs(function: Function) -> None:
    """−0.99 is as flat as 0.99, in an array of any shape."""
    share = function(np.array([[[-0.99, 0.99], [-1.0, 0.1]]]))
    if np.ndim(share) == 0 and np.isclose(share, 0.25):
        raise CheckError("the share: tanh is flat on both sides, and one is not counted")
    check_close(share, 0.75, "the share")


def _flat_border(function: Function) -> None:
    """An entry at the threshold itself is not beyond it."""
    check_close(function(np.array([0.97, -0.97, 0.98, 0.0])), 0.25, "the share")


def _flat_threshold(function: Function) -> None:
    """The threshold can be chosen."""
    y = np.array([-0.6, 0.55, 0.3, -0.1, 0.99])
    for threshold, share in ((0.5, 0.6), (0.2, 0.8), (0.95, 0.2)):
        check_close(function(y, threshold=threshold), share, f"threshold = {threshold}")


def _flat_none_and_all(function: Function) -> None:
    """No unit saturated is 0, all are 1."""
    check_close(function(np.zeros((2, 3))), 0.0, "the share for zeros")
    check_close(function(-np.ones((2, 3))), 1.0, "the share for −1 everywhere")
