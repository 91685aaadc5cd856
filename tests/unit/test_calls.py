"""Two peers over a socket: each calls the other's functions as if they were its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox.calls import MAX_NESTING, MAX_WORDS, Peer, RemoteError
from autograder.sandbox.wire import (
    Channel,
    Closed,
    Handle,
    RemoteFunction,
    WireError,
)

Serve = Callable[..., Peer]


class NamedPeer(Peer):
    """A peer whose functions are also known by name, as a notebook's are."""

    def __init__(self, channel: Channel, functions: dict[str, Callable[..., Any]]) -> None:
        super().__init__(channel)
        self._functions = functions

    def lookup(self, target: Any) -> Callable[..., Any]:
        return self._functions[target] if isinstance(target, str) else super().lookup(target)

    def run(self) -> None:
        with contextlib.suppress(Closed, WireError):
            while True:
                self.serve_call(*self.channel.receive())


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(name=function)``: a peer that calls these functions, which run in a thread."""
    with contextlib.ExitStack() as stack:

        def start(**functions: Callable[..., Any]) -> Peer:
            mine, theirs = socket.socketpair()
            thread = threading.Thread(target=NamedPeer(Channel(theirs), functions).run)
            thread.start()
            stack.callback(thread.join, timeout=5)
            stack.callback(theirs.close)
            stack.callback(mine.close)
            stack.callback(mine.shutdown, socket.SHUT_RDWR)
            peer = Peer(Channel(mine))
            peer.channel.deadline = time.monotonic() + 10
            return peer

        yield start


def call(peer: Peer, name: str, *args: object, **kwargs: object) -> Any:
    return peer.call_function(name, args, kwargs)


# Values and exceptions


def test_arguments_and_keywords_arrive_and_the_value_comes_back(serve: Serve) -> None:
    peer = serve(f=lambda a, b, *, c: (a, [b, c]))
    assert call(peer, "f", 1, "two", c={3.0}) == (1, ["two", {3.0}])


def test_calls_follow_one_another_on_one_connection(serve: Serve) -> None:
    seen: list[int] = []
    peer = serve(f=lambda n: seen.append(n) or len(seen))
    assert [call(peer, "f", n) for n in range(50)] == list(range(1, 51))
    assert seen == list(range(50))


def test_exception_of_the_other_side_arrives_with_its_type_and_words(serve: Serve) -> None:
    def fail() -> None:
        raise KeyError("momentum")

    with pytest.raises(RemoteError, match="KeyError: 'momentum'") as raised:
        call(serve(f=fail), "f")
    assert (raised.value.type_name, raised.value.text) == ("KeyError", "'momentum'")


def test_connection_goes_on_after_an_exception(serve: Serve) -> None:
    peer = serve(f=lambda n: 1 / n)
    with pytest.raises(RemoteError, match="ZeroDivisionError"):
        call(peer, "f", 0)
    assert call(peer, "f", 4) == 0.25


def test_words_of_an_exception_are_cut_and_made_printable(serve: Serve) -> None:
    def fail() -> None:
        raise ValueError("\x1b[2J\u2028\n" + "x" * 10_000)

    with pytest.raises(RemoteError) as raised:
        call(serve(f=fail), "f")
    assert len(raised.value.text) <= MAX_WORDS
    assert raised.value.text.isprintable()


def test_value_that_cannot_be_sent_comes_back_as_an_exception(serve: Serve) -> None:
    def endless_list() -> list[object]:
        loop: list[object] = []
        loop.append(loop)
        return loop

    peer = serve(f=endless_list, g=lambda: 1)
    with pytest.raises(RemoteError, match="nested too deeply"):
        call(peer, "f")
    assert call(peer, "g") == 1


def test_object_of_the_other_side_is_a_handle_here_and_itself_over_there(serve: Serve) -> None:
    class Model:
        def __init__(self) -> None:
            self.calls = 0

    def advance(model: Model) -> int:
        model.calls += 1
        return model.calls

    peer = serve(make=Model, advance=advance)
    model = call(peer, "make")
    assert isinstance(model, Handle)
    assert model.type_name == "Model"
    assert [call(peer, "advance", model) for _ in range(3)] == [1, 2, 3]


# Callbacks


def test_other_side_calls_a_function_that_it_is_given(serve: Serve) -> None:
    peer = serve(f=lambda grad, w: w - 0.5 * grad(w))
    result = call(peer, "f", lambda w: 2 * w, np.array([1.0, -3.0]))
    np.testing.assert_array_equal(result, [0.0, 0.0])


def test_function_that_comes_back_can_be_called_here(serve: Serve) -> None:
    counter = call(serve(make=lambda start: lambda step: start + step), "make", 10)
    assert isinstance(counter, RemoteFunction)
    assert counter(5) == 15


def test_callbacks_nest_in_both_directions(serve: Serve) -> None:
    def down(n: int, other: Callable[..., int]) -> int:
        return 0 if n == 0 else 1 + other(n - 1, down)

    assert call(serve(down=down), "down", 20, down) == 20


def test_endless_nesting_ends_at_once_and_the_connection_goes_on(serve: Serve) -> None:
    depth = 0

    def deeper(other: Callable[..., None]) -> None:
        nonlocal depth
        depth += 1
        other(deeper)

    peer = serve(f=deeper, g=lambda: "still here")
    with pytest.raises(RemoteError):
        call(peer, "f", deeper)
    assert MAX_NESTING <= depth <= 2 * MAX_NESTING
    assert call(peer, "g") == "still here"


def test_exception_of_a_callback_can_be_caught_by_who_called_it(serve: Serve) -> None:
    def careful(function: Callable[[], None]) -> str:
        try:
            function()
        except Exception as error:
            return f"caught {error}"
        return "nothing raised"

    def refuse() -> None:
        raise ValueError("no more than ten")

    assert call(serve(f=careful), "f", refuse) == "caught ValueError: no more than ten"


def test_exception_of_a_callback_passes_through_who_called_it(serve: Serve) -> None:
    def refuse() -> None:
        raise ValueError("no more than ten")

    with pytest.raises(RemoteError, match="no more than ten"):
        call(serve(f=lambda function: function()), "f", refuse)


def test_callback_keeps_what_it_closes_over_from_call_to_call(serve: Serve) -> None:
    seen: list[float] = []
    call(serve(f=lambda g: [g(x / 2) for x in range(4)]), "f", seen.append)
    assert seen == [0.0, 0.5, 1.0, 1.5]


def test_number_of_no_function_is_not_called(serve: Serve) -> None:
    peer = serve(f=lambda: None)
    for number in (0, 1, -1, 2**70, True, 1.0, None, [1]):
        with pytest.raises(RemoteError, match="never handed over"):
            peer.call_function(number, (), {})


# What a call changes


def test_changed_array_is_changed_here_too(serve: Serve) -> None:
    def spoil(w: np.ndarray, X: np.ndarray) -> None:
        X[1:] *= 2

    w, X = np.ones(2), np.ones((3, 2), np.float32)
    view = X[:]
    call(serve(f=spoil), "f", w, X)
    np.testing.assert_array_equal(X, [[1, 1], [2, 2], [2, 2]])
    assert view.base is X  # changed in place, not replaced
    np.testing.assert_array_equal(w, [1, 1])


def test_changed_array_is_changed_also_when_the_call_raises(serve: Serve) -> None:
    def spoil(w: np.ndarray) -> None:
        w[0] = 7
        raise ValueError("too late")

    w = np.zeros(2)
    with pytest.raises(RemoteError, match="too late"):
        call(serve(f=spoil), "f", w)
    assert w[0] == 7


def test_changed_array_deep_in_the_arguments_is_changed_here(serve: Serve) -> None:
    def spoil(params: dict[str, list[np.ndarray]]) -> None:
        params["layers"][1] -= 1

    params = {"layers": [np.zeros(2), np.zeros(3)]}
    call(serve(f=spoil), "f", params)
    np.testing.assert_array_equal(params["layers"][1], [-1, -1, -1])


def test_array_that_is_changed_and_returned_is_right_in_both_places(serve: Serve) -> None:
    def update(w: np.ndarray) -> np.ndarray:
        w += 1
        return w

    w = np.zeros(2)
    returned = call(serve(f=update), "f", w)
    np.testing.assert_array_equal(w, [1, 1])
    np.testing.assert_array_equal(returned, [1, 1])


def test_one_array_given_twice_is_one_array_there(serve: Serve) -> None:
    def is_one(a: np.ndarray, b: np.ndarray) -> bool:
        a[0] = 5
        return bool(b[0] == 5)

    w = np.zeros(2)
    assert call(serve(f=is_one), "f", w, w)
    assert w[0] == 5


def test_array_changed_by_a_callback_is_changed_for_who_called_it(serve: Serve) -> None:
    def use(fill: Callable[[np.ndarray], None]) -> list[float]:
        room = np.zeros(3)
        fill(room)
        values: list[float] = room.tolist()
        return values

    def fill(room: np.ndarray) -> None:
        room[:] = [1, 2, 3]

    assert call(serve(f=use), "f", fill) == [1, 2, 3]


def test_array_that_is_only_reshaped_there_stays_as_it_is_here(serve: Serve) -> None:
    w = np.arange(6.0)
    call(serve(f=lambda a: a.resize((2, 3), refcheck=False)), "f", w)
    np.testing.assert_array_equal(w, np.arange(6.0))


@given(seed=st.integers(0, 2**32), draws=st.lists(st.integers(0, 3), max_size=4))
def test_generator_stands_here_where_the_other_side_left_it(seed: int, draws: list[int]) -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        ask, answer = Peer(Channel(mine)), NamedPeer(Channel(theirs), {"f": draw})
        rng, alone = np.random.default_rng(seed), np.random.default_rng(seed)
        server = threading.Thread(target=answer.run)
        server.start()
        for kind in draws:
            assert call(ask, "f", rng, kind) == draw(alone, kind)
            assert rng.bit_generator.state == alone.bit_generator.state
        mine.shutdown(socket.SHUT_RDWR)
        server.join()


def draw(rng: np.random.Generator, kind: int) -> float:
    """Draw in a way that uses whole words, half words, or nothing."""
    if kind == 0:
        return float(rng.normal())
    if kind == 1:
        return float(rng.integers(5, dtype=np.uint32))
    return float(rng.permutation(7)[0]) if kind == 2 else 0.0


def test_generator_handed_on_to_a_callback_advances_for_all(serve: Serve) -> None:
    def use(rng: np.random.Generator, noise: Callable[..., float]) -> list[float]:
        return [rng.random(), noise(rng), rng.random()]

    rng, alone = np.random.default_rng(5), np.random.default_rng(5)
    got = call(serve(f=use), "f", rng, lambda generator: generator.random())
    assert got == alone.random(3).tolist()
    assert rng.random() == alone.random()


def test_generator_advances_also_when_the_call_raises(serve: Serve) -> None:
    def fail(rng: np.random.Generator) -> None:
        rng.random()
        raise ValueError("drawn")

    rng, alone = np.random.default_rng(5), np.random.default_rng(5)
    with pytest.raises(RemoteError):
        call(serve(f=fail), "f", rng)
    alone.random()
    assert rng.random() == alone.random()
