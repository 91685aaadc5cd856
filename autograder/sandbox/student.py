"""The trusted proxy of a student: its attributes are the student's functions, in the sandbox.

A call sends the arguments, serves what the student calls back, and returns the value that comes
out, or raises a `CheckError` in words that a student may read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.errors import SandboxFailed
from autograder.grading import MissingFunction
from autograder.sandbox.calls import Peer, RemoteError
from autograder.sandbox.launch import Loaded
from autograder.sandbox.values import Incoming, Outgoing
from autograder.sandbox.wire import Closed, MemoryUsedUp, TimedOut, WireError
from dlcourse.testing import CheckError


class StudentProxy:
    """The student's functions as attributes: ``student.sgd_epoch(grad, w, X, d, lr, j, rng)``."""

    def __init__(self, loaded: Loaded, call_wall: float) -> None:
        self._loaded = loaded
        self._call_wall = call_wall
        self._peer: TrustedPeer | None = None
        self._called: frozenset[str] = frozenset()
        self._stateless: dict[str, bool] = {}
        self._kill = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    @property
    def called(self) -> frozenset[str]:
        """The functions that have been called in the present process."""
        return self._called

    def may_remember(self, called: frozenset[str]) -> bool:
        """Whether calls of these functions may have left something that later ones find.

        They have if the process did not survive. Otherwise the sandbox says which functions are
        stateless; it can lie, and the student would lose a second try by it.
        """
        if not called or self._kill:
            return bool(called)
        if unknown := sorted(called - self._stateless.keys()):
            found = self._ask({"op": "stateless", "names": unknown})
            told = found if isinstance(found, list) else []
            known = {name for name in told if isinstance(name, str)}  # arrays compare otherwise
            self._stateless |= {name: name in known for name in unknown}
        return not all(self._stateless[name] for name in called)

    def restart(self) -> None:
        """Go back to the state right after the notebook's cells have run."""
        self._end_process(kill=False)

    def value(self, name: str) -> Any:
        """The value that the notebook's cells left under `name`; None if there is none."""
        question = {"op": "get", "name": name}
        found = self._ask(question)
        # once more, if the cells left so many processes that there was no room for ours
        return self._ask(question) if self._kill else found

    def _ask(self, question: dict[str, Any]) -> Any:
        try:
            peer = self._ready()
            peer.channel.send(question)
            message, binary = peer.channel.receive()
            return peer.read_answer(message, Incoming(binary), Outgoing())
        except (Closed, TimedOut, MemoryUsedUp, WireError, RemoteError, SandboxFailed):
            self._end_process(kill=True)
            return None

    def _call(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        if self._loaded.out_of_time:
            raise CheckError("the time for the whole notebook is used up")
        try:
            peer = self._ready()
            self._called |= {name}
            return peer.call_function(name, args, kwargs)
        except RemoteError as error:
            raise _in_words(name, error, peer.callback_error) from None
        except TimedOut:
            self._end_process(kill=True)
            raise CheckError(
                f"{name} did not answer within {self._call_wall:.0f} s: is there a loop that"
                " does not end?"
            ) from None
        except MemoryUsedUp:
            self._end_process(kill=True)
            raise CheckError(f"{name} takes more memory than there is") from None
        except (Closed, WireError) as error:
            self._end_process(kill=True)
            reason = str(error) or "its Python process ended"
            raise CheckError(f"{name} gave no answer: {reason}") from None

    def _ready(self) -> TrustedPeer:
        if self._peer is None:
            self._peer = TrustedPeer(self._loaded.runner(kill=self._kill))
            self._kill = False
        self._peer.callback_error = None
        self._peer.channel.deadline = self._loaded.deadline(self._call_wall)
        return self._peer

    def _end_process(self, *, kill: bool) -> None:
        """Let the process go; with `kill`, since it may not end by itself, before the next one."""
        if self._peer is not None:
            self._peer.channel.close()
        self._peer = None
        self._called = frozenset()
        self._kill = self._kill or kill


class TrustedPeer(Peer):
    """The grader's end: remembers what a hidden test's own function had to complain about."""

    callback_error: CheckError | None = None

    def words(self, error: Exception) -> tuple[str, str]:
        """Words for an exception of the test's own function; only a CheckError's are passed on."""
        if isinstance(error, CheckError):
            self.callback_error = self.callback_error or error
            return "CheckError", error.message
        return type(error).__name__, "the function that you were given failed on these arguments"


def _in_words(name: str, error: RemoteError, complaint: CheckError | None) -> CheckError:
    if complaint is not None:
        return complaint
    if error.type_name == "NoSuchFunction":
        return MissingFunction(name)
    if error.type_name == "NotImplementedError":
        return MissingFunction(name, unwritten=True)
    if error.type_name == "TimeLimit":
        return CheckError(f"{name} used up its CPU time: is there a loop that does not end?")
    return CheckError(f"{name} raised {error}")
