"""Lab 05's visible checks of the multilayer perceptron with dropout, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.mlp import Weights, gradients, in_float32
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_tuple, describe

_X = np.array([[1.0, 2.0], [3.0, 1.0]])
_WEIGHTS: Weights = [
    (np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]]), np.array([1.0, 1.0, 1.0])),
    (np.array([[1.0], [2.0], [3.0]]), np.array([-20.0])),
]
_MASKS = [np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])]
_INPUTS = [np.array([[2.0, 0.0], [6.0, 2.0]]), np.array([[6.0, 0.0, 0.0], [14.0, 0.0, 6.0]])]
"""By hand at keep = ½: row 0 has z = (3, −1, 1), row 1 has z = (7, −3, 3)."""


def dropout_mlp_forward(function: object) -> None:
    """Check ``dropout_mlp_forward(x, weights, masks, keep) -> (logits, cache)``."""
    run_properties(
        "dropout_mlp_forward",
        function,
        [
            _forward_one_layer,
            _forward_by_hand,
            _forward_cache,
            _forward_deep,
            _forward_without_dropout,
            _forward_float32,
        ],
    )


def dropout_mlp_backward(function: object) -> None:
    """Check ``dropout_mlp_backward(dlogits, weights, cache) -> [(dW, db), …]``."""
    run_properties(
        "dropout_mlp_backward",
        function,
        [
            _backward_shapes,
            _backward_one_layer,
            _backward_by_hand,
            _backward_off_for_all,
            _backward_deep,
            _backward_float32,
        ],
    )


def _forward(value: object, shape: tuple[int, int]) -> tuple[np.ndarray, list[Any]]:
    """The logits and the inputs in the cache, once the form of both is right."""
    logits, cache = check_tuple(value, 2, "(logits, cache)")
    check_array(logits, shape, "logits")
    if not isinstance(cache, dict):
        raise CheckError(f"cache: expected a dict, got {describe(cache)}")
    for name in ("inputs", "masks", "keep"):
        if name not in cache:
            raise CheckError(f'cache: the entry "{name}" is missing')
    for name in ("inputs", "masks"):
        if not isinstance(cache[name], list | tuple):
            raise CheckError(f'cache["{name}"]: expected a list, got {describe(cache[name])}')
    assert isinstance(logits, np.ndarray)
    return logits, list(cache["inputs"])


def _forward_one_layer(function: Function) -> None:
    """A net of one layer is that layer behind dropout on x; no ReLU acts."""
    x, mask = np.array([[1.0, -2.0, 4.0]]), np.array([[1.0, 1.0, 0.0]])
    W, b = np.array([[3.0, -3.0], [0.0, 1.0], [5.0, 5.0]]), np.array([1.0, -1.0])
    logits, inputs = _forward(function(x, [(W, b)], [mask], 0.5), (1, 2))
    if np.allclose(logits, [[24.0, 14.0]]) or np.allclose(logits, [[47.0, 29.0]]):
        raise CheckError("x goes in whole; masks[0] acts on x")
    if np.allclose(logits, [[4.0, -6.0]]):
        raise CheckError("x is not scaled; dropout is inverted here")
    if np.allclose(logits, [[7.0, -7.0]]):
        raise CheckError("x went through ReLU; it acts on what leaves a hidden layer, not on x")
    if np.allclose(logits, [[7.0, 0.0]]):
        raise CheckError("the logits went through ReLU; after the last layer there is none")
    check_close(logits, np.array([[7.0, -11.0]]), "logits")
    if len(inputs) != 1:
        raise CheckError(f'cache["inputs"]: expected 1 array for 1 layer, got {len(inputs)}')


def _forward_by_hand(function: Function) -> None:
    """Two rows through three hidden units at keep = ½: the logits are −14 and 12."""
    logits, _ = _forward(function(_X, _WEIGHTS, _MASKS, 0.5), (2, 1))
    if np.allclose(logits, [[-18.0], [-10.0]]):
        raise CheckError("nothing makes up for the units that are off; dropout is inverted here")
    if np.allclose(logits, [[-8.0], [0.0]]):
        raise CheckError("masks[0] is not used; it acts on x")
    if np.allclose(logits, [[-18.0], [12.0]]):
        raise CheckError("the hidden units have no ReLU")
    if np.allclose(logits, [[0.0], [12.0]]):
        raise CheckError("the logits went through ReLU; after the last layer there is none")
    if np.allclose(logits, [[-14.0], [-4.0]]) or np.allclose(logits, [[-8.0], [12.0]]):
        raise CheckError("masks[1] is not used; it acts on what enters layer 1")
    check_close(logits, np.array([[-14.0], [12.0]]), "logits")


def _forward_cache(function: Function) -> None:
    """The cache holds each layer's input, after dropout, and the masks and keep as they came."""
    value = function(_X, _WEIGHTS, _MASKS, 0.5)
    _, inputs = _forward(value, (2, 1))
    if len(inputs) != 2:
        raise CheckError(f'cache["inputs"]: expected 2 arrays for 2 layers, got {len(inputs)}')
    before = (_X, np.array([[3.0, 0.0, 1.0], [7.0, 0.0, 3.0]]))
    for k, expected in enumerate(_INPUTS):
        given = inputs[k]
        if np.shape(given) == expected.shape and np.allclose(given, before[k]):
            raise CheckError(f"input {k} is kept as it was before dropout; keep it after dropout")
        check_close(given, expected, f"input {k}")
    _, cache = check_tuple(value, 2, "(logits, cache)")
    assert isinstance(cache, dict)
    check_close(cache["keep"], 0.5, 'cache["keep"]')
    if len(cache["masks"]) != 2:
        raise CheckError(f'cache["masks"]: expected 2 masks, got {len(cache["masks"])}')
    for k, mask in enumerate(cache["masks"]):
        check_close(mask, _MASKS[k], f"mask {k} in the cache")


def _forward_deep(function: Function) -> None:
    """Four layers that hand on positive numbers, all units on, keep = ½: each input doubles."""
    weights: Weights = [(np.eye(2), np.zeros(2)) for _ in range(4)]
    logits, inputs = _forward(function(_X, weights, [np.ones((2, 2))] * 4, 0.5), (2, 2))
    check_close(logits, 16 * _X, "logits")
    for k, given in enumerate(inputs):
        check_close(given, 2.0 ** (k + 1) * _X, f"input {k}")


def _forward_without_dropout(function: Function) -> None:
    """With keep = 1 and masks of ones it is a plain network."""
    masks = [np.ones((2, 2)), np.ones((2, 3))]
    logits, _ = _forward(function(_X, _WEIGHTS, masks, 1.0), (2, 1))
    # By hand: the hidden units are (2, 2, 3) and (4, 0, 2).
    check_close(logits, np.array([[-5.0], [-10.0]]), "logits")


def _forward_float32(function: Function) -> None:
    """float32 in gives float32 out, though the masks are float64."""
    logits, inputs = _forward(
        function(_X.astype(np.float32), in_float32(_WEIGHTS), _MASKS, 0.5), (2, 1)
    )
    for name, array in [("logits", logits), *((f"input {k}", h) for k, h in enumerate(inputs))]:
        if isinstance(array, np.ndarray) and array.dtype != np.float32:
            raise CheckError(f"{name}: float32 has become {array.dtype}; look at the masks' dtype")


def _cache(
    inputs: list[np.ndarray], masks: list[np.ndarray], keep: float = 0.5
) -> dict[str, object]:
    return {"inputs": inputs, "masks": masks, "keep": keep}


def _backward_shapes(function: Function) -> None:
    """There is a pair for each layer, first layer first, in the shapes of W and b."""
    gradients(function(np.ones((2, 1)), _WEIGHTS, _cache(_INPUTS, _MASKS)), _WEIGHTS)


def _backward_one_layer(function: Function) -> None:
    """A net of one layer: dW by hand from the input as it is in the cache, db sums over rows."""
    h, mask = np.array([[2.0, 0.0], [6.0, -8.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    weights: Weights = [(np.array([[1.0, -1.0], [2.0, 0.0]]), np.zeros(2))]
    dlogits = np.array([[1.0, 10.0], [2.0, 20.0]])
    ((dW, db),) = gradients(function(dlogits, weights, _cache([h], [mask])), weights)
    expected = np.array([[14.0, 140.0], [-16.0, -160.0]])
    _name_the_scale(dW, expected)
    check_close(dW, expected, "dW")
    if np.allclose(db, [1.5, 15.0]):
        raise CheckError("db is a mean over the rows; the 1/N is already in dlogits")
    check_close(db, np.array([3.0, 30.0]), "db")


def _name_the_scale(dW: np.ndarray, expected: np.ndarray) -> None:
    if np.allclose(dW, 2 * expected):
        raise CheckError("dW: divided by keep twice; inputs in the cache have been through dropout")
    if np.allclose(dW, expected / 2):
        raise CheckError("dW: too small by the factor keep, or a mean over the rows")


def _backward_by_hand(function: Function) -> None:
    """Two rows, keep = ½, units off by mask and units off by ReLU: dW and db by hand."""
    dlogits = np.array([[1.0], [10.0]])
    value = function(dlogits, _WEIGHTS, _cache(_INPUTS, _MASKS))
    (dW0, db0), (dW1, db1) = gradients(value, _WEIGHTS)
    expected = np.array([[146.0], [0.0], [60.0]])
    _name_the_scale(dW1, expected)
    check_close(dW1, expected, "dW of layer 1, the last")
    check_close(db1, np.array([11.0]), "db of layer 1, the last")
    if np.allclose(db0, [11.0, 0.0, 30.0]):
        raise CheckError("a unit that is on went out divided by keep; its derivative must be, too")
    if np.allclose(db0, [22.0, 4.0, 60.0]):
        raise CheckError("units that ReLU had switched off pass their derivative on")
    if np.allclose(db0, [22.0, 44.0, 66.0]) or np.allclose(db0, [11.0, 22.0, 33.0]):
        raise CheckError("units that are off pass their derivative on")
    if np.allclose(db0, [44.0, 0.0, 120.0]):
        raise CheckError("the derivative is divided by keep twice on its way down")
    if np.allclose(db0, [146.0, 0.0, 180.0]) or np.allclose(db0, [292.0, 0.0, 360.0]):
        raise CheckError("the derivative is multiplied by the unit's output; ReLU's slope is 1")
    check_close(db0, np.array([22.0, 0.0, 60.0]), "db of layer 0, the first")
    check_close(dW0, np.array([[124.0, 0.0, 360.0], [40.0, 0.0, 120.0]]), "dW of layer 0")


def _backward_off_for_all(function: Function) -> None:
    """A unit that is off for all rows: weights into it and out of it, and its bias, get 0."""
    masks = [np.ones((2, 2)), np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]])]
    inputs = [2 * _X, np.array([[0.0, 6.0, 10.0], [0.0, 0.0, 6.0]])]
    value = function(np.ones((2, 1)), _WEIGHTS, _cache(inputs, masks))
    (dW0, db0), (dW1, _) = gradients(value, _WEIGHTS)
    if dW1[0].any():
        raise CheckError("weights out of a unit that is off for all rows get a gradient")
    if dW0[:, 0].any() or db0[0] != 0:
        raise CheckError(
            "weights into a unit that is off for all rows, or its bias, get a gradient"
        )
    check_close(db0, np.array([0.0, 4.0, 12.0]), "db of layer 0")


def _backward_deep(function: Function) -> None:
    """Four layers, all units on, keep = ½: the derivative doubles with each layer on its way."""
    weights: Weights = [(np.eye(2), np.zeros(2)) for _ in range(4)]
    x, dlogits = np.array([[1.0, 3.0]]), np.array([[1.0, -1.0]])
    inputs = [2.0 ** (k + 1) * x for k in range(4)]
    found = gradients(function(dlogits, weights, _cache(inputs, [np.ones((1, 2))] * 4)), weights)
    for k, (dW, db) in enumerate(found):
        check_close(db, 2.0 ** (3 - k) * dlogits[0], f"db of layer {k}, counted from 0")
        check_close(dW, 16 * np.array([[1.0, -1.0], [3.0, -3.0]]), f"dW of layer {k}")


def _backward_float32(function: Function) -> None:
    """float32 in gives float32 out, though the masks are float64."""
    cache = _cache([h.astype(np.float32) for h in _INPUTS], _MASKS)
    gradients(
        function(np.ones((2, 1), dtype=np.float32), in_float32(_WEIGHTS), cache),
        in_float32(_WEIGHTS),
    )
