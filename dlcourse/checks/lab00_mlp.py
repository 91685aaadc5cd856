"""Lab 00's visible checks of the multilayer perceptron, forward and backward."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.mlp import Weights, gradients, in_float32
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_tuple, describe

_X = np.array([[1.0, 2.0], [3.0, 1.0]])
_WEIGHTS: Weights = [
    (np.array([[1.0, -1.0, 1.0], [1.0, 1.0, -2.0]]), np.array([-1.0, 0.0, 1.0])),
    (np.array([[1.0], [2.0], [3.0]]), np.array([-10.0])),
]
_HIDDEN = np.array([[2.0, 1.0, 0.0], [3.0, 0.0, 2.0]])
"""By hand: row 0 has z = (2, 1, −2), row 1 has z = (3, −2, 2)."""


def mlp_forward(function: object) -> None:
    """Check ``mlp_forward(x, weights) -> (logits, cache)``."""
    run_properties(
        "mlp_forward",
        function,
        [
            _forward_by_hand,
            _forward_cache,
            _forward_one_layer,
            _forward_deep,
            _forward_float32,
        ],
    )


def mlp_backward(function: object) -> None:
    """Check ``mlp_backward(dlogits, weights, cache) -> [(dW, db), …]``."""
    run_properties(
        "mlp_backward",
        function,
        [
            _backward_shapes,
            _backward_one_layer,
            _backward_by_hand,
            _backward_batch,
            _backward_deep,
            _backward_float32,
        ],
    )


def _forward(value: object, shape: tuple[int, int]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The logits and the cached inputs, once the form of both is right."""
    logits, cache = check_tuple(value, 2, "(logits, cache)")
    check_array(logits, shape, "logits")
    if not isinstance(cache, dict) or "inputs" not in cache:
        raise CheckError(f'cache: expected a dict with the entry "inputs", got {describe(cache)}')
    inputs = cache["inputs"]
    if not isinstance(inputs, list | tuple):
        raise CheckError(f'cache["inputs"]: expected a list of arrays, got {describe(inputs)}')
    assert isinstance(logits, np.ndarray)
    return logits, list(inputs)


def _forward_by_hand(function: Function) -> None:
    """Two rows through three hidden units: the logits are −6 and −1."""
    logits, _ = _forward(function(_X, _WEIGHTS), (2, 1))
    if np.array_equal(logits, [[0.0], [0.0]]):
        raise CheckError("the logits went through ReLU; after the last layer there is none")
    if np.allclose(logits, [[-12.0], [-5.0]]):
        raise CheckError("the hidden units have no ReLU")
    if np.allclose(logits, [[4.0], [9.0]]):
        raise CheckError("the bias of the last layer is missing")
    check_close(logits, np.array([[-6.0], [-1.0]]), "logits")


def _forward_cache(function: Function) -> None:
    """The cache holds the input of each layer: x, and the hidden units after ReLU."""
    _, inputs = _forward(function(_X, _WEIGHTS), (2, 1))
    if len(inputs) != 2:
        raise CheckError(f'cache["inputs"]: expected 2 arrays for 2 layers, got {len(inputs)}')
    check_close(inputs[0], _X, "the first input, x")
    if isinstance(inputs[1], np.ndarray) and (inputs[1] < 0).any():
        raise CheckError("the second input has negative entries: keep it as it is after ReLU")
    check_close(inputs[1], _HIDDEN, "the second input")


def _forward_one_layer(function: Function) -> None:
    """A net of one layer is that layer: nothing is hidden, and no ReLU acts."""
    x, W, b = np.array([[1.0, -2.0]]), np.array([[3.0, -3.0], [0.0, -1.0]]), np.array([1.0, -1.0])
    logits, inputs = _forward(function(x, [(W, b)]), (1, 2))
    if np.allclose(logits, [[4.0, -4.0]]):
        raise CheckError("x went through ReLU; it acts on what leaves a hidden layer, not on x")
    check_close(logits, np.array([[4.0, -2.0]]), "logits")
    if len(inputs) != 1:
        raise CheckError(f'cache["inputs"]: expected 1 array for 1 layer, got {len(inputs)}')
    check_close(inputs[0], x, "the input")


def _forward_deep(function: Function) -> None:
    """Five layers that hand a positive number on, each adding 1, add 5."""
    weights = [(np.eye(2), np.ones(2)) for _ in range(5)]
    logits, inputs = _forward(function(_X, weights), (2, 2))
    check_close(logits, _X + 5, "logits")
    if len(inputs) != 5:
        raise CheckError(f'cache["inputs"]: expected 5 arrays for 5 layers, got {len(inputs)}')
    for k, given in enumerate(inputs):
        check_close(given, _X + k, f"the input of layer {k}, counted from 0")


def _forward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    logits, inputs = _forward(function(_X.astype(np.float32), in_float32(_WEIGHTS)), (2, 1))
    check_array(logits, (2, 1), "logits", dtype=np.float32)
    for given in inputs:
        check_array(given, np.shape(given), "an input in the cache", dtype=np.float32)


def _backward_shapes(function: Function) -> None:
    """There is a pair for each layer, first layer first, in the shapes of W and b."""
    value = function(np.ones((2, 1)), _WEIGHTS, {"inputs": [_X, _HIDDEN]})
    gradients(value, _WEIGHTS)


def _backward_one_layer(function: Function) -> None:
    """A net of one layer: dW by hand, and db adds up dlogits over the rows."""
    weights = [(np.array([[1.0, -1.0], [2.0, 0.0]]), np.zeros(2))]
    dlogits = np.array([[1.0, 10.0], [2.0, 20.0]])
    x = np.array([[1.0, -2.0], [3.0, 4.0]])
    value = function(dlogits, weights, {"inputs": [x]})
    ((dW, db),) = gradients(value, weights)
    if np.allclose(dW, [[7.0, 70.0], [8.0, 80.0]]):
        raise CheckError("x is rectified for dW; no ReLU acts on x")
    check_close(dW, np.array([[7.0, 70.0], [6.0, 60.0]]), "dW")
    check_close(db, np.array([3.0, 30.0]), "db")


def _backward_by_hand(function: Function) -> None:
    """Two rows, one of three hidden units off in each: dW and db of both layers by hand."""
    dlogits = np.array([[1.0], [10.0]])
    value = function(dlogits, _WEIGHTS, {"inputs": [_X, _HIDDEN]})
    (dW0, db0), (dW1, db1) = gradients(value, _WEIGHTS)
    check_close(dW1, np.array([[32.0], [1.0], [20.0]]), "dW of layer 1, the last")
    check_close(db1, np.array([11.0]), "db of layer 1, the last")
    if np.allclose(db0, [11.0, 22.0, 33.0]):
        raise CheckError("units that are off pass their derivative on; ReLU lets nothing through")
    if np.allclose(db0, [32.0, 2.0, 60.0]):
        raise CheckError("the derivative is multiplied by the unit's output; ReLU's slope is 1")
    if np.allclose(db0, [11.0, 1.0, 10.0]):
        raise CheckError("the derivative does not come through the last layer's W")
    check_close(db0, np.array([11.0, 2.0, 30.0]), "db of layer 0, the first")
    expected = np.array([[31.0, 2.0, 90.0], [12.0, 4.0, 30.0]])
    check_close(dW0, expected, "dW of layer 0, the first")


def _backward_batch(function: Function) -> None:
    """The same rows twice: every derivative is doubled."""
    dlogits, twice = np.array([[1.0], [10.0]]), (2, 1)
    once = gradients(function(dlogits, _WEIGHTS, {"inputs": [_X, _HIDDEN]}), _WEIGHTS)
    cache = {"inputs": [np.tile(_X, twice), np.tile(_HIDDEN, twice)]}
    both = gradients(function(np.tile(dlogits, twice), _WEIGHTS, cache), _WEIGHTS)
    for k, ((dW, db), (dW2, db2)) in enumerate(zip(once, both, strict=True)):
        if dW.any() and np.allclose(dW, dW2):
            raise CheckError(f"layer {k}: a mean over the rows; the 1/N is already in dlogits")
        check_close(dW2, 2 * dW, f"dW of layer {k}")
        check_close(db2, 2 * db, f"db of layer {k}")


def _backward_deep(function: Function) -> None:
    """Four layers, all units on, each doubling what it is given: derivatives double on the way."""
    weights: Weights = [(2 * np.eye(2), np.zeros(2)) for _ in range(4)]
    x = np.array([[1.0, 3.0]])
    cache = {"inputs": [x, 2 * x, 4 * x, 8 * x]}
    dlogits = np.array([[1.0, -1.0]])
    found = gradients(function(dlogits, weights, cache), weights)
    for k, (dW, db) in enumerate(found):
        check_close(db, 2.0 ** (3 - k) * dlogits[0], f"db of layer {k}, counted from 0")
        check_close(dW, 8 * np.array([[1.0, -1.0], [3.0, -3.0]]), f"dW of layer {k}")


def _backward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    cache = {"inputs": [_X.astype(np.float32), _HIDDEN.astype(np.float32)]}
    weights = in_float32(_WEIGHTS)
    gradients(function(np.ones((2, 1), dtype=np.float32), weights, cache), weights)
