"""A state of training in one file: arrays, numbers and any nesting of them, never pickle.

The arrays are stored by safetensors. What holds them together (lists, tuples, dicts, records) and
the plain numbers stand as JSON in the file's header, so that opening a file runs no code of it.
Files are replaced in one step: whoever is killed while saving leaves the old file whole.
"""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from dlcourse.backend import Array, is_torch

FORMAT = "dlcourse checkpoint 1"
"""Stands in every file; another number is another format."""


class CheckpointError(ValueError):
    """A file cannot be used as a checkpoint: missing, torn, not ours, or of another state."""


def save_checkpoint(path: str | Path, state: Any) -> None:
    """Save a state; a file that is there already is replaced in one step.

    ``save_checkpoint(path, {"params": params, "state": state, "rng": rng.bit_generator.state})``

    Args:
        path: the file; folders that are missing are made.
        state: arrays (NumPy's or torch's, on any device), numbers, text, booleans and None, in any
            nesting of lists, tuples, dicts, named tuples and dataclasses.

    Raises:
        TypeError: for anything else in the state, with the place where it stands.
    """
    serialize = _safetensors().numpy.save
    path, arrays = Path(path), dict[str, np.ndarray]()
    structure = json.dumps(_encode(state, "state", arrays))
    metadata = {
        "format": FORMAT,
        "structure": structure,
        "crc32": str(zlib.crc32(structure.encode())),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(serialize(arrays, metadata))
            file.flush()
            os.fsync(file.fileno())
        # A name change is atomic, and after fsync no crash can leave a name without its contents.
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def load_checkpoint(path: str | Path, like: Any = None) -> Any:
    """The state that was saved, bit for bit; arrays keep dtype and order in memory.

    Args:
        path: the file.
        like: a state of the same make, such as ``{"params": params, "state": None}``. The file must
            agree with it: the same nesting and keys, arrays of the same library and shape, of its
            dtype or one that it widens to. Where it has None or an empty list or dict,
            anything may stand in the file. Records (dataclasses, named tuples) are made anew from
            the classes found here, so they need one. Torch arrays go to the device of theirs here;
            without one, to the device they came from if this machine has it, else to the CPU.

    Raises:
        CheckpointError: the file is missing, torn or not a checkpoint, or does not agree with
            `like`; the message names the place.
    """
    structure, arrays = _read(Path(path))
    try:
        return _decode(json.loads(structure), like, "state", arrays)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is torn: save it anew or delete it ({error!r})") from error


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        message = "checkpoints need safetensors: pip install 'dlcourse[torch]'"
        raise ImportError(message) from error
    return safetensors


def _read(path: Path) -> tuple[str, dict[str, np.ndarray]]:
    """What holds the arrays together, as JSON, and the arrays by name."""
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            # safetensors maps the file into memory: a copy outlives its replacement
            arrays = {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 - no dict
    except FileNotFoundError as error:
        raise CheckpointError(f"no checkpoint at {path}") from error
    except safetensors.SafetensorError as error:
        message = f"{path} is torn or no checkpoint: save it anew or delete it ({error})"
        raise CheckpointError(message) from error
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "none")
        raise CheckpointError(f"{path} is no checkpoint: expected {FORMAT!r}, found {found}")
    structure = metadata.get("structure", "")
    if metadata.get("crc32") != str(zlib.crc32(structure.encode())):
        raise CheckpointError(f"{path} is torn: its header was changed; delete it")
    return structure, arrays


def _encode(value: Any, at: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON; its arrays go into `arrays`, named by where they stand."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic) or is_torch(value):
        return _encode_array(value, at, arrays)
    if kind is list:
        return [_encode(entry, f"{at}[{i}]", arrays) for i, entry in enumerate(value)]
    if _is_record(value):
        fields = {name: _encode(field, f"{at}.{name}", arrays) for name, field in _fields(value)}
        return {"record": kind.__name__, "fields": fields}
    if kind is tuple:
        return {"tuple": [_encode(entry, f"{at}[{i}]", arrays) for i, entry in enumerate(value)]}
    if kind is dict and all(type(key) in (bool, int, float, str) for key in value):
        return {
            "dict": [
                [key, _encode(entry, f"{at}[{key!r}]", arrays)] for key, entry in value.items()
            ]
        }
    raise TypeError(
        f"{at}: a checkpoint holds arrays, numbers, text and nestings of them, not a "
        f"{kind.__name__}; of a generator save its state"
    )


def _encode_array(value: Array, at: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    # Axes are stored in the order of memory: a matrix that comes back transposed there can multiply
    # to other last bits.
    leaf: dict[str, Any] = {"array": at, "library": "numpy"}
    if is_torch(value):
        leaf |= {"library": "torch", "device": str(value.device)}
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # NumPy has no such numbers: their bits
            import torch

            leaf["bfloat16"] = True
            value = value.view(torch.int16)
        value = value.numpy()
    elif isinstance(value, np.generic):
        leaf["library"] = "number"
    stored = np.asarray(value)
    if stored.dtype.kind not in "biuf" or stored.dtype.itemsize > 8:
        raise TypeError(f"{at}: a checkpoint holds no array of dtype {stored.dtype}")
    leaf["axes"] = sorted(range(stored.ndim), key=lambda axis: -abs(stored.strides[axis]))
    stored = np.array(stored.transpose(leaf["axes"]), order="C")
    arrays[at] = stored
    return leaf | {"crc32": zlib.crc32(stored.tobytes())}


def _decode(node: Any, like: Any, at: str, arrays: dict[str, np.ndarray]) -> Any:
    """The value that `_encode` made `node` of, checked against `like`."""
    if isinstance(node, list):
        likes = _likes(len(node), like, list, at)
        return [_decode(node[i], likes[i], f"{at}[{i}]", arrays) for i in range(len(node))]
    if not isinstance(node, dict):
        return _checked(node, like, at)
    if "array" in node:
        return _decode_array(node, like, at, arrays[node["array"]])
    if "record" in node:
        return _decode_record(node, like, at, arrays)
    if "tuple" in node:
        entries = node["tuple"]
        likes = _likes(len(entries), like, tuple, at)
        return tuple(
            _decode(entries[i], likes[i], f"{at}[{i}]", arrays) for i in range(len(entries))
        )
    return _decode_dict(dict(node["dict"]), like, at, arrays)


def _decode_dict(
    nodes: dict[Any, Any], like: Any, at: str, arrays: dict[str, np.ndarray]
) -> dict[Any, Any]:
    if like is not None and (type(like) is not dict or (like and set(like) != set(nodes))):
        raise _mismatch(at, like, f"a dict with the keys {list(nodes)}")
    likes = like or {}
    return {
        key: _decode(node, likes.get(key), f"{at}[{key!r}]", arrays) for key, node in nodes.items()
    }


def _decode_record(node: Any, like: Any, at: str, arrays: dict[str, np.ndarray]) -> Any:
    fields, likes = node["fields"], dict(_fields(like)) if _is_record(like) else {}
    if type(like).__name__ != node["record"] or set(likes) != set(fields):
        raise _mismatch(at, like, f"a record {node['record']}({', '.join(fields)})")
    return type(like)(
        **{name: _decode(fields[name], likes[name], f"{at}.{name}", arrays) for name in fields}
    )


def _decode_array(leaf: Any, like: Any, at: str, stored: np.ndarray) -> Array:
    if leaf["crc32"] != zlib.crc32(stored.tobytes()):
        raise CheckpointError(f"torn at {at}: save it anew or delete it")
    axes = np.argsort(leaf["axes"]).tolist()
    if leaf["library"] != "torch":
        array = stored.transpose(axes)
        return _checked(array[()] if leaf["library"] == "number" else array, like, at)
    import torch

    tensor = torch.from_numpy(stored)
    tensor = tensor.view(torch.bfloat16) if leaf.get("bfloat16") else tensor
    tensor = _checked(tensor.permute(axes), like, at)
    if is_torch(like):
        return tensor.to(like.device).requires_grad_(like.requires_grad)
    lost = leaf["device"] != "cpu" and not torch.cuda.is_available()
    return tensor.to("cpu" if lost else leaf["device"])


def _likes(length: int, like: Any, kind: type[Any], at: str) -> list[Any]:
    """What the entries of a list or tuple of this length in the file are to be like."""
    if like is None or (kind is list and type(like) is list and not like):
        return [None] * length
    if type(like) is not kind or len(like) != length:
        raise _mismatch(at, like, f"a {kind.__name__} of length {length}")
    return [*like]


def _checked(value: Any, like: Any, at: str) -> Any:
    """`value`, an array or a plain one, if it may stand where `like` stood at the start."""
    if like is None or (_is_number(value) and _is_number(like)):
        return value
    if not (_is_array(value) and _is_array(like)):
        fits = isinstance(value, str) and isinstance(like, str)
    else:
        same_make = is_torch(value) == is_torch(like) and tuple(value.shape) == tuple(like.shape)
        fits = same_make and _widens(like.dtype, value.dtype)
    if not fits:
        raise _mismatch(at, like, _describe(value))
    return value


def _widens(narrow: Any, wide: Any) -> bool:
    """Whether training that starts in one dtype may have gone on in the other: int64, float64."""
    if isinstance(narrow, np.dtype):
        return bool(np.promote_types(narrow, wide) == wide)
    import torch

    return bool(torch.promote_types(narrow, wide) == wide)


def _mismatch(at: str, like: Any, found: str) -> CheckpointError:
    return CheckpointError(f"{at}: expected {_describe(like)}, the file has {found}")


def _describe(value: Any) -> str:
    """A few words for an error: what kind of value, and how large."""
    if _is_array(value):
        library = "torch" if is_torch(value) else "NumPy"
        dtype = str(value.dtype).removeprefix("torch.")
        return f"a {library} array of shape {tuple(value.shape)} and dtype {dtype}"
    if type(value) is dict:
        return f"a dict with the keys {list(value)}"
    if _is_record(value):
        return f"a record {type(value).__name__}({', '.join(dict(_fields(value)))})"
    if type(value) in (list, tuple):
        return f"a {type(value).__name__} of length {len(value)}"
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) or is_torch(value)


def _is_number(value: Any) -> bool:
    """A number alone: NumPy turns arrays without dimensions into numbers, and back."""
    numpy_number = isinstance(value, np.ndarray | np.generic) and value.ndim == 0
    return isinstance(value, bool | int | float) or numpy_number


def _is_record(value: Any) -> bool:
    is_instance = not isinstance(value, type)
    return is_instance and (dataclasses.is_dataclass(value) or hasattr(value, "_fields"))


def _fields(record: Any) -> list[tuple[str, Any]]:
    """The fields of a dataclass or a named tuple, by name."""
    if dataclasses.is_dataclass(record):
        names = [field.name for field in dataclasses.fields(record) if field.init]
    else:
        names = list(record._fields)
    return [(name, getattr(record, name)) for name in names]
