"""The checklist against lab 09's scripts as handed out, and each with its one fault mended."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from autograder import labs
from dlcourse.checklist import Watch, checklist, dead_fraction, go_through
from dlcourse.data import digits

torch = pytest.importorskip("torch")

FAILING = {
    "script_healthy": "",
    "script_a": "4",
    "script_b": "8",
    "script_c": "7",
    "script_d": "2",
    "script_e": "5",
    "script_f": "245",
    "script_g": "26",
    "script_h": "1",
}
REPAIRS = {
    "script_a": ("y = y[torch.randperm(len(y))]", "y = y[order]"),
    "script_b": ("pixels = torch.cat([x, torch.as_tensor(data['x_valid'])])", "pixels = x"),
    "script_c": ("with torch.no_grad():", "net.eval()\n        with torch.no_grad():"),
    "script_d": (", nn.Softmax(dim=1))", ")"),
    "script_e": ("loss.backward()", "optimizer.zero_grad(); loss.backward()"),
    "script_f": ("lr=2e-4", "lr=2e-2"),
    "script_g": ("bias, -3.0", "bias, 0.0"),
    "script_h": (', reduction="sum"', ""),
}


@cache
def sources() -> dict[str, str]:
    """The cells of the lab that define the scripts, by the script's name."""
    cells = json.loads(labs.find("lab09").path.read_text(encoding="utf-8"))["cells"]
    code = {cell["id"]: labs.source_of(cell) for cell in cells if cell["cell_type"] == "code"}
    ids = {"script_healthy": "exp-healthy"}
    ids |= {f"script_{letter}": f"exp-script-{letter}" for letter in "abcdefgh"}
    return {name: code[ids[name]].partition("\n\ngo_through(")[0] for name in ids}


@cache
def data() -> dict[str, np.ndarray]:
    images, labels = digits()
    x = images.reshape(-1, 64).astype(np.float32)
    return {
        "x_train": x[:800],
        "y_train": labels[:800],
        "x_valid": x[800:1200],
        "y_valid": labels[800:1200],
    }


def run(source: str, name: str):
    def half_squares(net):
        return 0.5 * sum((w**2).sum() for w in net.parameters() if w.ndim > 1)

    names = {"torch": torch, "nn": torch.nn, "half_squares": half_squares}
    names["cross_entropy"] = torch.nn.functional.cross_entropy
    exec(compile(source, name, "exec"), names)
    return checklist(names[name], data())


def failing(lines) -> str:
    return "".join(line.sentence[0] for line in lines if not line.passed)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", FAILING)
def test_each_planted_fault_shows_on_its_lines_of_the_checklist(name):
    assert failing(run(sources()[name], name)) == FAILING[name]


@pytest.mark.parametrize("name", REPAIRS)
def test_one_repair_makes_a_script_pass_all_lines(name):
    fault, repair = REPAIRS[name]
    source = sources()[name].replace("'", '"')
    fault = fault.replace("'", '"')
    assert source.count(fault) == 1
    source = source.replace(fault, repair)
    if name == "script_a":
        first = "x = x[torch.randperm(len(x))]"
        assert first in source
        source = source.replace(first, "order = torch.randperm(len(x))\n    x = x[order]")
    assert failing(run(source, name)) == ""


def test_watch_measures_each_update_relative_to_the_weights():
    net = torch.nn.Linear(2, 1)
    watch = Watch()
    with torch.no_grad():
        net.weight[:] = torch.tensor([[3.0, 4.0]])
        watch(net, 2.0)
        net.weight[:] = torch.tensor([[3.0, 4.5]])
        net.bias += 100.0
        watch(net, 1.0)
    assert watch.losses == [2.0, 1.0]
    assert watch.ratios == pytest.approx([0.5 / np.hypot(3.0, 4.5)])


def test_the_dead_units_of_all_rectifiers_are_counted():
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 4), torch.nn.ReLU()
    )
    with torch.no_grad():
        net[0].bias[:] = torch.tensor([9.0, 9.0, 9.0, -9.0])
        net[2].bias[:] = torch.tensor([99.0, 99.0, -99.0, 99.0])
    x = torch.rand(50, 3)
    assert dead_fraction(net, lambda: net(x)) == 2 / 8
    net(x[:1])


def test_a_script_that_diverges_fails_and_breaks_nothing():
    source = sources()["script_healthy"].replace("lr=0.05", "lr=1e9")
    assert {"2", "4", "5"} <= set(failing(run(source, "script_healthy")))


def test_going_through_shows_a_mark_and_a_number_for_each_line(capsys):
    names = {}
    source = "def script(data, watch, epochs, decay):\n" + (
        "    net = torch.nn.Linear(64, 10)\n"
        "    for _ in range(3):\n"
        "        watch(net, 2.3)\n"
        "    return lambda x: net(torch.as_tensor(x)).detach()\n"
    )
    exec(source, {"torch": torch}, names)
    go_through(names["script"], data())
    shown = capsys.readouterr().out.splitlines()
    assert [line[2] for line in shown] == list("12345678")
    assert shown[0] == ("✓ 1 · The first loss is that of guessing. — 2.30, where log 10 = 2.30")
    assert shown[1].startswith("✗ 2")
