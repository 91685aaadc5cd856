"""Run the properties of one task on a student's function and say, a line each, what holds."""

from __future__ import annotations

import inspect
import linecache
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcourse.backend import is_torch
from dlcourse.checks.lines import Line, show
from dlcourse.progress import remember
from dlcourse.testing import CheckError, check_unchanged, describe

Function = Callable[..., Any]
Property = Callable[[Function], None]
"""Raises `CheckError` if it does not hold; its docstring's first line is the sentence shown."""


class ChecksFailedError(CheckError):
    """Some checks of a task failed; the lines above it say which. Jupyter shows it as one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def run_properties(task: str, function: object, properties: Sequence[Property]) -> None:
    """Run every property of `task` on `function`, print a line for each, and raise if any fails.

    An exception in the student's function is told in words with the line it came from. The
    function gets copies of its array arguments, and changing one of them is a failure of its own.

    Raises:
        ChecksFailedError: naming how many of the checks failed.
    """
    if not callable(function):
        line = Line(False, f"{task} is a function.", f"it is {describe(function)}")
        remember(task, False)
        show([line])
        raise ChecksFailedError(f"{task} is not a function: run the cell that defines it")
    watched = _Watched(function)
    lines = [_try(check, watched) for check in properties]
    if watched.was_given_arrays or watched.changed:
        lines.append(
            Line(not watched.changed, "It leaves its arguments as they are.", watched.changed)
        )
    failed = sum(not line.passed for line in lines)
    remember(task, not failed, function)
    show(lines)
    if failed:
        raise ChecksFailedError(f"{task}: {failed} of {len(lines)} checks failed, see ✗ above")


class _Watched:
    """The student's function, given copies; remembers whether it changed one of them."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.changed = ""
        self.was_given_arrays = False

    def __call__(self, *args: object, **kwargs: object) -> object:
        given, given_by_name = _copy(args), _copy(kwargs)
        value = self.function(*given, **given_by_name)
        self._compare(args, given, kwargs, given_by_name)
        if value is None:
            raise CheckError("your function returned None: is there a return?")
        return value

    def _compare(
        self, args: Any, given: Any, kwargs: dict[str, Any], given_by_name: dict[str, Any]
    ) -> None:
        names = _parameter_names(self.function)
        pairs = [
            (names[i] if i < len(names) else f"argument {i + 1}", before, after)
            for i, (before, after) in enumerate(zip(args, given, strict=True))
        ]
        pairs += [(name, value, given_by_name[name]) for name, value in kwargs.items()]
        for name, before, after in pairs:
            self.was_given_arrays |= isinstance(before, np.ndarray) or is_torch(before)
            try:
                _check_same(before, after, name)
            except CheckError as error:
                self.changed = error.message


def _try(check: Property, watched: _Watched) -> Line:
    sentence = (check.__doc__ or check.__name__).strip().splitlines()[0]
    try:
        with warnings.catch_warnings():
            # NumPy's, of NaN and division by zero: the line says better where they come out.
            warnings.simplefilter("ignore", RuntimeWarning)
            check(watched)
    except NotImplementedError:
        return Line(False, sentence, "not written yet")
    except CheckError as error:
        return Line(False, sentence, error.message, error.detail, error.errors)
    except Exception as error:
        return Line(False, sentence, _in_words(error, watched.function))
    return Line(True, sentence)


def _in_words(error: Exception, function: Function) -> str:
    """What was raised and on which line of the student's file, leaving out every frame of ours."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if type(error) is NameError and error.name:
        what += f"; run the cell that defines {error.name} first"
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    if not own:
        return f"what your function returned cannot be used: {what}"
    source = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    where = f"line {own[-1].lineno}: `{source}`" if source else f"line {own[-1].lineno}"
    return f"your function stops with {what} ({where})"


def _copy(value: Any) -> Any:
    """Arrays copied, also in lists, tuples and dicts; all else, generators too, handed on as is."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if is_torch(value):
        return value.clone()
    if type(value) in (list, tuple):
        return type(value)(_copy(item) for item in value)
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return value


def _check_same(before: Any, after: Any, name: str) -> None:
    if isinstance(before, np.ndarray) or is_torch(before):
        check_unchanged(before, after, name)
    elif type(before) in (list, tuple, dict):
        if len(before) != len(after):
            raise CheckError(f"{name}: your function changes its argument; work on a new one")
        keys = before if type(before) is dict else range(len(before))
        for key in keys:
            _check_same(before[key], after[key], name)


def _parameter_names(function: Function) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
