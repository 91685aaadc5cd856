"""The kinds of arrays that the library works on, as a fixture that runs a test once for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from dlcourse.backend import is_torch, to_device, to_numpy

# The first call into torch can take longer than any honest deadline for the others.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")


@dataclass(frozen=True)
class ArrayKind:
    """A namespace, a device and a floating dtype: what a function must give back as it got it."""

    library: str
    device: str
    dtype: str

    def array(self, values: Any) -> Any:
        """`values` as an array of this kind; integers and booleans keep their dtype."""
        array = np.array(values)
        if array.dtype.kind == "f":
            array = array.astype(self.dtype)
        return to_device(array, self.device) if self.library == "torch" else array

    def convert(self, value: Any) -> Any:
        """`value` with every NumPy array in it, however deep, as an array of this kind."""
        if isinstance(value, np.ndarray):
            return self.array(value)
        if isinstance(value, tuple | list):
            return type(value)(self.convert(entry) for entry in value)
        if isinstance(value, Mapping):
            return {name: self.convert(entry) for name, entry in value.items()}
        return value

    def assert_agrees(self, actual: Any, expected: Any, rtol: float) -> None:
        """`actual`, of this kind, equals `expected`, of NumPy in float64, in structure too."""
        if isinstance(expected, tuple | list):
            assert len(actual) == len(expected)
            for one, other in zip(actual, expected, strict=True):
                self.assert_agrees(one, other, rtol)
        elif isinstance(expected, Mapping):
            assert set(actual) == set(expected)
            for name in expected:
                self.assert_agrees(actual[name], expected[name], rtol)
        elif isinstance(expected, np.ndarray | np.generic):
            self._assert_kept(actual, np.asarray(expected))
            np.testing.assert_allclose(to_numpy(actual), np.asarray(expected), rtol=rtol, atol=rtol)
        else:
            assert actual == pytest.approx(expected, rel=rtol)

    def _assert_kept(self, actual: Any, expected: np.ndarray) -> None:
        assert is_torch(actual) == (self.library == "torch")
        assert tuple(actual.shape) == expected.shape
        if expected.dtype.kind == "f":
            assert to_numpy(actual).dtype == self.dtype
        else:
            assert to_numpy(actual).dtype.kind == expected.dtype.kind
        if self.library == "torch":
            assert actual.device.type == self.device


KINDS = [
    pytest.param(ArrayKind("numpy", "cpu", "float32"), id="numpy-float32"),
    pytest.param(ArrayKind("numpy", "cpu", "float64"), id="numpy-float64"),
    pytest.param(ArrayKind("torch", "cpu", "float32"), id="torch-cpu-float32"),
    pytest.param(ArrayKind("torch", "cpu", "float64"), id="torch-cpu-float64"),
    pytest.param(
        ArrayKind("torch", "cuda", "float32"), id="torch-cuda-float32", marks=pytest.mark.gpu
    ),
    pytest.param(
        ArrayKind("torch", "cuda", "float64"), id="torch-cuda-float64", marks=pytest.mark.gpu
    ),
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> ArrayKind:
    """Each kind of array in turn; CUDA's are skipped where there is no such device."""
    kind: ArrayKind = request.param
    if kind.library == "torch":
        torch = pytest.importorskip("torch")
        if kind.device == "cuda" and not torch.cuda.is_available():
            pytest.skip("no CUDA device")
    return kind


@pytest.fixture
def agrees_with_numpy(kind: ArrayKind) -> Callable[..., None]:
    """A check that ``function(*args)``, on arrays of `kind`, does what it does in float64 NumPy.

    It keeps namespace, dtype and device, and leaves its arguments alone. Arguments are given as
    NumPy arrays, alone or in lists, tuples and dicts.
    """

    def check(function: Callable[..., Any], *args: Any) -> None:
        mine, untouched = kind.convert(args), kind.convert(args)
        # The reference gets the values after rounding to the kind's dtype, so that only the
        # arithmetic differs.
        rounded = ArrayKind("numpy", "cpu", "float64").convert(
            ArrayKind("numpy", "cpu", kind.dtype).convert(args)
        )
        expected = function(*rounded)
        rtol = 1e-4 if kind.dtype == "float32" else 1e-12
        kind.assert_agrees(function(*mine), expected, rtol)
        assert _bits(mine) == _bits(untouched), "the function changed an argument"

    return check


def _bits(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_bits(entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: _bits(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray) or is_torch(value):
        return to_numpy(value).tobytes()
    return value
