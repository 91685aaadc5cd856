"""Which array namespace and which device: NumPy, torch on the CPU, torch on CUDA.

The library is written once against the array-API standard. A function asks `namespace` for the
functions that belong to the arrays it was given, and so returns what it was given: the same
namespace, dtype and device.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

Array: TypeAlias = Any
"""An array of the array-API standard: a NumPy array or a torch tensor."""


def namespace(*arrays: Array) -> Any:
    """The array-API namespace that all `arrays` share.

    Raises TypeError if they belong to different ones, or to none.

    >>> namespace(np.zeros(3)).__name__
    'array_api_compat.numpy'
    """
    return array_api_compat.array_namespace(*arrays)


def device_name() -> str:
    """Where a larger exercise runs: ``"cuda"`` where torch has such a device, else ``"cpu"``."""
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"


def to_device(array: Array, device: str) -> Array:
    """`array` as a torch tensor on `device` (``"cpu"``, ``"cuda"``), dtype kept."""
    import torch

    return torch.as_tensor(array, device=device)


def to_numpy(array: Array) -> np.ndarray:
    """`array` as a NumPy array on the CPU, dtype kept."""
    if is_torch(array):
        return np.asarray(array.detach().cpu())
    return np.asarray(array)


def is_torch(array: object) -> bool:
    """Whether `array` is a torch tensor; does not import torch to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)
