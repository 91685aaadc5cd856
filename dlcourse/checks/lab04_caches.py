"""What lab 04's visible checks ask of a normalization's values before they look at numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.testing import CheckError, DType, check_array, check_tuple, describe

Arrays = dict[str, np.ndarray]


def output_and_cache(
    value: object, shape: tuple[int, int], statistics: tuple[int, ...], dtype: DType | None = None
) -> tuple[np.ndarray, Arrays]:
    """Both y and the cache, once each entry has its shape and dtype."""
    y, cache = check_tuple(value, 2, "(y, cache)")
    check_array(y, shape, "y", dtype=dtype)
    if not isinstance(cache, dict):
        raise CheckError(f"cache: expected a dict, got {describe(cache)}")
    shapes = {"u": shape, "gamma": shape[1:]} | dict.fromkeys(
        ("mean", "var", "inv_std"), statistics
    )
    for name, wanted in shapes.items():
        if name not in cache:
            raise CheckError(f'cache: the entry "{name}" is missing')
        check_array(cache[name], wanted, f'cache["{name}"]', dtype=dtype)
    assert isinstance(y, np.ndarray)
    return y, cache


def three_gradients(
    value: object, shape: tuple[int, int], dtype: DType | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three of dz, dgamma and dbeta, once their shapes and dtypes are right."""
    gradients: tuple[Any, ...] = check_tuple(value, 3, "(dz, dgamma, dbeta)")
    dz, dgamma, dbeta = gradients
    check_array(dz, shape, "dz", dtype=dtype)
    for name, gradient in (("dgamma", dgamma), ("dbeta", dbeta)):
        if np.shape(gradient) == shape:
            raise CheckError(
                f"{name}: expected shape {shape[1:]}, got {shape}: one γ and one β serve all rows"
            )
        check_array(gradient, shape[1:], name, dtype=dtype)
    return dz, dgamma, dbeta


def single(arrays: Arrays) -> Arrays:
    """The same in float32."""
    return {name: array.astype(np.float32) for name, array in arrays.items()}
