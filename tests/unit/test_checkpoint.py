"""Checkpoints: what comes back is what went in, and a file is whole, old or new, or refused."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcourse.backend import is_torch
from dlcourse.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from dlcourse.optim import transform


@dataclass(frozen=True)
class Velocity:
    k: int
    slots: tuple[Any, ...]


class Bounds(NamedTuple):
    low: float
    high: Any


def assert_same(actual, expected):
    """Equal in type, structure, dtype and every bit."""
    assert type(actual) is type(expected)
    if isinstance(expected, np.ndarray | np.generic):
        assert actual.dtype == expected.dtype
        assert actual.shape == expected.shape
        assert actual.tobytes() == expected.tobytes()
    elif is_torch(expected):
        assert actual.dtype == expected.dtype
        assert actual.shape == expected.shape
        assert actual.device == expected.device
        if expected.dtype == torch.bfloat16:
            actual, expected = actual.view(torch.int16), expected.view(torch.int16)
        assert_same(actual.numpy(), expected.numpy())
    elif isinstance(expected, list | tuple):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert list(actual) == list(expected)
        assert all(type(one) is type(other) for one, other in zip(actual, expected, strict=True))
        for key in expected:
            assert_same(actual[key], expected[key])
    elif isinstance(expected, float):
        assert np.float64(actual).tobytes() == np.float64(expected).tobytes()
    else:
        assert actual == expected


numbers = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
)
arrays = hnp.arrays(
    dtype=st.sampled_from(["f4", "f8", "i8", "i4", "u1", "b1", "f2"]),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
keys = st.text(max_size=5) | st.integers() | st.booleans()
states = st.recursive(
    numbers | arrays | arrays.map(torch.tensor),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(state=states)
def test_any_nesting_of_arrays_numbers_and_text_comes_back_as_it_was(tmp_path_factory, state):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    save_checkpoint(path, state)
    assert_same(load_checkpoint(path), state)
    assert_same(load_checkpoint(path, like=state), state)


def test_numbers_that_are_not_finite_and_scalars_of_numpy_come_back(tmp_path):
    state = [float("inf"), -0.0, np.float32(0.1), np.bool_(True), np.array(2.5), 2**200]
    save_checkpoint(tmp_path / "c", state)
    assert_same(load_checkpoint(tmp_path / "c"), state)
    save_checkpoint(tmp_path / "c", [float("nan"), np.array([np.nan, np.inf])])
    number, array = load_checkpoint(tmp_path / "c")
    assert np.isnan(number)
    np.testing.assert_array_equal(array, [np.nan, np.inf])


OPTIMIZERS = {
    "sgd": transform.sgd(0.1),
    "momentum": transform.momentum(0.1),
    "rprop": transform.rprop(),
    "adadelta": transform.adadelta(),
    "adam, averaged": transform.averaged(
        transform.adam(), lambda mean, w, t: mean + (w - mean) / t
    ),
}


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_every_kind_of_optimizer_comes_back(tmp_path, name, library):
    optimizer, rng = OPTIMIZERS[name], np.random.default_rng(0)
    params = [rng.standard_normal((3, 2)), rng.standard_normal(2)]
    if library == "torch":
        params = [torch.tensor(w) for w in params]
    start = state = optimizer.init(params)
    for _ in range(3):
        params, state = optimizer.step(params, [2 * w for w in params], state)
    save_checkpoint(tmp_path / "c", {"params": params, "state": state})
    loaded = load_checkpoint(tmp_path / "c", {"params": params, "state": start})
    assert_same(loaded["params"], params)
    assert_same(flat(loaded["state"]), flat(state))
    assert type(loaded["state"]) is type(state)


def flat(state):
    """Dataclasses as dicts, however deep."""
    return {
        name: flat(value) if hasattr(value, "__dict__") and not is_torch(value) else value
        for name, value in vars(state).items()
    }


def test_records_come_back_as_the_classes_that_like_shows(tmp_path):
    state = {"v": Velocity(3, (np.ones(2),)), "b": Bounds(0.5, [Velocity(1, ())])}
    save_checkpoint(tmp_path / "c", state)
    like = {"v": Velocity(0, (np.zeros(2),)), "b": Bounds(0.0, [Velocity(0, ())])}
    loaded = load_checkpoint(tmp_path / "c", like)
    assert_same(loaded["v"].slots, state["v"].slots)
    assert loaded["v"].k == 3
    assert loaded["b"] == state["b"]
    with pytest.raises(CheckpointError, match=r"state\['v'\]: expected None.*Velocity\(k, slots\)"):
        load_checkpoint(tmp_path / "c")


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_a_generator_goes_on_where_it_was(tmp_path, bits):
    rng = np.random.Generator(bits(3))
    rng.standard_normal(5)
    rng.integers(9, dtype=np.int32)
    save_checkpoint(tmp_path / "c", rng.bit_generator.state)
    expected = rng.standard_normal(5)
    other = np.random.Generator(bits(4))
    other.bit_generator.state = load_checkpoint(tmp_path / "c", other.bit_generator.state)
    np.testing.assert_array_equal(other.standard_normal(5), expected)


def test_the_order_of_axes_in_memory_is_kept(tmp_path):
    X = np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)
    state = [X, np.asfortranarray(np.ones((3, 4))), torch.tensor(X).permute(1, 2, 0), X[::2, :, 1:]]
    save_checkpoint(tmp_path / "c", state)
    first, second, third, view = load_checkpoint(tmp_path / "c")
    assert first.strides == X.strides
    assert second.flags.f_contiguous
    assert third.stride() == state[2].stride()
    assert_same([first, second, third, view], state)


def test_tensors_that_share_memory_or_need_gradients_come_back(tmp_path):
    whole = torch.arange(6.0)
    state = [whole[:3], whole[3:], whole, torch.ones(2, requires_grad=True), whole.bfloat16()]
    save_checkpoint(tmp_path / "c", state)
    loaded = load_checkpoint(tmp_path / "c", state)
    assert [w.requires_grad for w in loaded] == [False, False, False, True, False]
    assert_same([w.detach() for w in loaded], [w.detach() for w in state])


def test_loaded_arrays_are_free_of_the_file_and_can_be_written(tmp_path):
    save_checkpoint(tmp_path / "c", np.ones(3))
    loaded = load_checkpoint(tmp_path / "c")
    (tmp_path / "c").write_bytes(b"")
    loaded += 1
    np.testing.assert_array_equal(loaded, [2, 2, 2])


LIKE = {"params": [np.zeros((3, 2)), np.zeros(2)], "k": 0}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"params": [np.zeros((2, 3)), np.zeros(2)], "k": 1},
            r"\['params'\]\[0\]: expected a NumPy array of shape \(3, 2\).*shape \(2, 3\)",
        ),
        ({"params": [np.zeros((3, 2))], "k": 1}, "expected a list of length 2.*list of length 1"),
        ({"params": [np.zeros((3, 2)), np.zeros(2)]}, r"keys \['params', 'k'\].*\['params'\]"),
        (
            {"params": [np.zeros((3, 2)), np.zeros(2, dtype=np.float32)], "k": 1},
            r"\['params'\]\[1\]: expected .*float64, the file has .*float32",
        ),
        (
            {"params": [np.zeros((3, 2)), torch.zeros(2, dtype=torch.float64)], "k": 1},
            "expected a NumPy array .*the file has a torch array",
        ),
        ({"params": LIKE["params"], "k": "1"}, r"\['k'\]: expected a value of type int.*type str"),
        ({"params": LIKE["params"], "k": None}, r"\['k'\]: .*the file has None"),
        ({"params": tuple(LIKE["params"]), "k": 1}, "expected a list.*a tuple of length 2"),
        ([1, 2], "state: expected a dict with the keys.*a list of length 2"),
    ],
)
def test_a_state_of_another_make_is_refused_with_the_place(tmp_path, state, message):
    save_checkpoint(tmp_path / "c", state)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / "c", LIKE)


def test_what_may_change_in_training_is_not_refused(tmp_path):
    like = {"w": np.array([1, 2]), "previous": None, "seen": [], "best": np.array(1.0), "k": 0}
    state = {"w": np.ones(2), "previous": [np.ones(3)], "seen": [1.5, 2.5], "best": 0.5, "k": 1.0}
    save_checkpoint(tmp_path / "c", state)
    assert_same(load_checkpoint(tmp_path / "c", like), state)


def test_a_file_that_is_missing_is_told_as_such(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*nowhere"):
        load_checkpoint(tmp_path / "nowhere")


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    path = tmp_path / "c"
    save_checkpoint(path, {"w": np.arange(5.0), "k": 1})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="torn"):
            load_checkpoint(path)


def test_a_file_with_any_bit_turned_is_refused_or_means_the_same(tmp_path):
    path, state = tmp_path / "c", {"w": np.arange(5.0), "k": 1}
    save_checkpoint(path, state)
    whole, refused = path.read_bytes(), 0
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :])
        try:
            assert_same(load_checkpoint(path), state)
        except CheckpointError:
            refused += 1
    assert refused > 0.9 * len(whole)


def test_other_files_are_refused_and_a_pickle_is_never_opened(tmp_path):
    from safetensors.numpy import save_file

    save_file({"w": np.ones(2)}, tmp_path / "weights")
    with pytest.raises(CheckpointError, match="no checkpoint: expected 'dlcourse checkpoint 1'"):
        load_checkpoint(tmp_path / "weights")
    (tmp_path / "pickled").write_bytes(pickle.dumps({"w": [1, 2]}))
    with pytest.raises(CheckpointError, match="torn or no checkpoint"):
        load_checkpoint(tmp_path / "pickled")


@pytest.mark.parametrize(
    "thing", [object(), {1, 2}, np.array(["a"]), lambda: 0, 1j, np.random.default_rng(0)]
)
def test_what_cannot_be_kept_is_an_error_that_says_where_and_leaves_the_old_file(tmp_path, thing):
    save_checkpoint(tmp_path / "c", 1)
    with pytest.raises(TypeError, match=r"state\['a'\]\[1\]: a checkpoint holds"):
        save_checkpoint(tmp_path / "c", {"a": [0, thing]})
    assert load_checkpoint(tmp_path / "c") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["c"]


def test_missing_folders_are_made_and_no_other_file_is_left(tmp_path):
    save_checkpoint(tmp_path / "runs" / "one" / "c", [np.ones(2)])
    assert [file.name for file in (tmp_path / "runs" / "one").iterdir()] == ["c"]


def test_the_arrays_can_be_read_by_any_reader_of_safetensors(tmp_path):
    from safetensors.numpy import load_file

    save_checkpoint(tmp_path / "c", {"params": [np.arange(3.0)]})
    np.testing.assert_array_equal(load_file(tmp_path / "c")["state['params'][0]"], [0.0, 1.0, 2.0])


SAVE_WITHOUT_END = """
import itertools, sys
import numpy as np
from dlcourse.checkpoint import save_checkpoint
for k in itertools.count():
    save_checkpoint(sys.argv[1], {"k": k, "w": np.full(400_000, float(k))})
    if k == 0:
        print("begun", flush=True)
"""


def saved_whole(path):
    """The number of the state in the file, which must be all of one state."""
    state = load_checkpoint(path)
    np.testing.assert_array_equal(state["w"], np.full(400_000, float(state["k"])))
    return state["k"]


def test_a_file_is_whole_at_every_moment_and_after_its_writer_was_killed(tmp_path):
    path, seen = tmp_path / "c", []
    for pause in (0.0, 0.011, 0.023, 0.4):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_WITHOUT_END, str(path)], stdout=subprocess.PIPE
        ) as process:
            try:
                assert process.stdout.readline() == b"begun\n"
                deadline = time.monotonic() + pause
                while time.monotonic() < deadline:
                    seen.append(saved_whole(path))
            finally:
                os.kill(process.pid, signal.SIGKILL)
        saved_whole(path)
    assert len(set(seen)) > 3


def test_torch_is_not_imported_for_arrays_of_numpy(tmp_path):
    code = (
        "import sys, json, numpy as np; from dlcourse.checkpoint import *;"
        f"save_checkpoint({str(tmp_path / 'c')!r}, [np.ones(2), 1]);"
        f"load_checkpoint({str(tmp_path / 'c')!r});"
        "print(json.dumps([name in sys.modules for name in ('torch', 'matplotlib')]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(ran.stdout) == [False, False]
