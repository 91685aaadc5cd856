"""Runs INSIDE the sandbox: which of the student's functions can remember nothing between calls.

A hidden test that fails runs again in a fresh process, since an earlier one may have left something
behind; that costs more than the test. It is spared where no function that was called can leave or
find anything: where its code, and that of all it calls, stores nothing outside itself and uses
nothing but NumPy, builtins, constants and functions of the same kind. A function that lies here
only loses its second try.
"""

from __future__ import annotations

import builtins
import dis
import functools
import itertools
import types
from collections.abc import Iterable
from typing import Any

import numpy as np

CONSTANTS = (type(None), bool, int, float, complex, str, bytes, np.generic)
STORES = {
    *("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR"),
    *("IMPORT_NAME", "LOAD_CLASSDEREF", "LOAD_BUILD_CLASS"),
}
REACHING = {  # builtins that get at what the code does not name
    *("setattr", "getattr", "delattr", "globals", "locals", "vars", "dir", "id"),
    *("exec", "eval", "compile", "__import__", "open", "input", "breakpoint"),
}
MODULES = {"numpy", "math", "itertools", "functools", "operator", "copy", "collections", "typing"}
STATEFUL = {  # of these modules
    *("random", "seterr", "seterrcall", "setbufsize", "set_printoptions", "lib", "core", "_core"),
    *("testing", "ctypeslib", "memmap", "save", "savez", "savetxt", "tofile"),
}


def stateless(names: dict[str, Any], wanted: Iterable[str]) -> list[str]:
    """Those of the functions `wanted` among `names` that can remember nothing between calls."""
    functions = _reachable(names, wanted)
    kept = {name for name, function in functions.items() if _is_self_contained(function)}
    while True:  # one that uses a function that remembers may remember as well
        plain = {name for name in kept if _uses_only(functions[name], kept)}
        if plain == kept:
            return sorted(kept.intersection(wanted))
        kept = plain


def _reachable(names: dict[str, Any], wanted: Iterable[str]) -> dict[str, types.FunctionType]:
    """The functions `wanted`, and all of `names` that they and those in turn may call."""
    found: dict[str, types.FunctionType] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        function = names.get(name)
        if name not in found and type(function) is types.FunctionType:
            found[name] = function
            steps = _steps(function.__code__)
            waiting += [step.argval for step in steps if step.opname == "LOAD_GLOBAL"]
    return found


def _is_self_contained(function: types.FunctionType) -> bool:
    """Whether the function has no state of its own and its code stores none elsewhere."""
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return (
        not function.__closure__
        and not function.__dict__
        and all(isinstance(value, CONSTANTS) for value in defaults)
        and not any(
            step.opname in STORES or (step.opname == "LOAD_ATTR" and step.argval.startswith("__"))
            for step in _steps(function.__code__)
        )
    )


def _uses_only(function: types.FunctionType, kept: set[str]) -> bool:
    """Whether every global that the function's code loads is harmless."""
    names, steps = function.__globals__, _steps(function.__code__)
    for step, following in itertools.pairwise(steps):
        if step.opname != "LOAD_GLOBAL":
            continue
        if isinstance(names.get(step.argval), types.ModuleType):
            used = following.opname in ("LOAD_ATTR", "LOAD_METHOD")
            if not used or following.argval in STATEFUL:
                return False
        if not _is_harmless(step.argval, names, kept):
            return False
    return True


def _is_harmless(name: str, names: dict[str, Any], kept: set[str]) -> bool:
    if name not in names:
        return hasattr(builtins, name) and name not in REACHING
    value = names[name]
    if isinstance(value, types.ModuleType):
        return value.__name__ in MODULES
    if isinstance(value, types.FunctionType) and name in kept:
        return True
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        module = str(getattr(value, "__module__", None)).partition(".")[0].lstrip("_")
        return module in MODULES and value.__name__ not in STATEFUL
    return isinstance(value, CONSTANTS)


@functools.cache
def _steps(code: types.CodeType) -> list[dis.Instruction]:
    """The instructions of a function and of all functions that it defines."""
    steps = list(dis.get_instructions(code))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            steps += _steps(constant)
    return steps
