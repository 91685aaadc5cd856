"""The pytest plugin under the hidden tests: the `student` fixture, the seeds, the task marker.

Two ways in. ``pytest autograder/hidden/test_lab01_sgd_vs_batch.py --submission alice.ipynb`` is
how an instructor debugs one submission. `HiddenTests` collects a lab's tests once and runs them
for one submission after the other, which is how a class is graded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import numpy as np
import pytest
from _pytest.config import _prepareconfig
from _pytest.runner import runtestprotocol
from numpy.random import Generator

from autograder.errors import AutograderError, UsageError
from autograder.results import TestResult
from autograder.transcript import Call, Recorded
from dlcourse.testing import CheckError

OTHER_FAILURE = "this property does not hold"


class MissingFunction(CheckError):
    """The student has no such function, or has not written it yet."""

    def __init__(self, name: str, *, unwritten: bool = False) -> None:
        reason = "is not written yet" if unwritten else "is not there after running the notebook"
        super().__init__(f"{name} {reason}")


class Student(Protocol):
    """What hidden tests see: the student's functions as attributes."""

    def __getattr__(self, name: str) -> Any:
        """The student's function of this name."""


class RestartableStudent(Student, Protocol):
    """What `HiddenTests` needs besides: a fresh start after a failure."""

    @property
    def called(self) -> frozenset[str]:
        """The functions that have been called in the student's process since it was started."""

    def may_remember(self, called: frozenset[str]) -> bool:
        """Whether calls of these functions may have left something that later ones find."""

    def restart(self) -> None:
        """Go back to the state right after the notebook's cells have run."""


STUDENT = pytest.StashKey[Student]()
SECRET = pytest.StashKey[bytes]()
ERROR = pytest.StashKey[BaseException | None]()
STREAMS = {"rng": "inputs", "student_rng": "student"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--submission`` and ``--isolation``, for debugging one submission."""
    from autograder.sandbox.backends import Isolation

    group = parser.getgroup("hidden tests")
    group.addoption("--submission", metavar="NOTEBOOK", help="the submission to test")
    group.addoption(
        "--isolation",
        default="bubblewrap",
        choices=get_args(Isolation),
        help="how the submission is kept apart (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the task marker."""
    config.addinivalue_line("markers", "task(name, weight=1): the lab's task that a test grades")


@pytest.fixture
def student(request: pytest.FixtureRequest, _submission: Student | None) -> Student:
    """The student's functions, as attributes: ``student.sgd_epoch(grad, w, X, d, lr, j, rng)``."""
    if _submission is not None:
        return _submission
    return request.config.stash[STUDENT]


@pytest.fixture(scope="session")
def _submission(request: pytest.FixtureRequest) -> Iterator[Student | None]:
    path = request.config.getoption("--submission")
    if STUDENT in request.config.stash:
        yield None
        return
    if path is None:
        pytest.exit("hidden tests need --submission NOTEBOOK", pytest.ExitCode.USAGE_ERROR)
    from autograder.debugging import open_submission

    module = Path(str(request.node.items[0].path)).stem
    lab, isolation = module.removeprefix("test_"), request.config.getoption("--isolation")
    with ExitStack() as stack:
        try:
            proxy = stack.enter_context(open_submission(Path(path), lab, isolation))
        except AutograderError as error:  # once, not for each test
            pytest.exit(f"{path}: {error}", pytest.ExitCode.USAGE_ERROR)
        yield proxy


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A generator for the test's own inputs: the same for every submission, unknown to them."""
    return generator(_secret(request.config), request.node.nodeid, STREAMS["rng"])


@pytest.fixture
def student_rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A generator to hand to the student, from another stream than `rng`."""
    return generator(_secret(request.config), request.node.nodeid, STREAMS["student_rng"])


def generator(secret: bytes, node_id: str, stream: str) -> np.random.Generator:
    """The generator of one test and stream, seeded by SHA-256 of the secret and both names."""
    test_id = node_id.rpartition("/")[2]
    digest = hashlib.sha256(secret + f"\0{stream}\0{test_id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _secret(config: pytest.Config) -> bytes:
    if SECRET not in config.stash:
        from autograder.secret import course_secret

        config.stash[SECRET] = course_secret()
    return config.stash[SECRET]


class _Reports:
    """Reports without tracebacks: nobody reads them here, and they take longer than the tests."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        if call.when == "setup":
            item.stash[ERROR] = None
        if call.excinfo is not None:
            item.stash[ERROR] = call.excinfo.value
        outcome: Literal["passed", "failed"] = "failed" if call.excinfo else "passed"
        when = "call" if call.when == "collect" else call.when
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when)


class _CollectionErrors:
    """Why a module of hidden tests could not be collected."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.reasons.append(str(report.longrepr).strip().splitlines()[-1])


@dataclass(frozen=True)
class Case:
    """A collected test, with what is the same for every submission that it runs for.

    `plain` says that it needs nothing of pytest's but our fixtures and its parameters; `rngs` are
    its generators, by fixture, each with the state that it starts from.
    """

    item: pytest.Item
    name: str
    task: str
    weight: float
    plain: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    rngs: dict[str, tuple[Generator, Mapping[str, Any]]] = field(default_factory=dict)
    takes_student: bool = False

    @classmethod
    def of(cls, item: pytest.Item, secret: bytes) -> Case:
        """The case of a collected test; raises UsageError if it names no task."""
        marker = item.get_closest_marker("task")
        if marker is None:
            raise UsageError(f"{item.nodeid} has no @pytest.mark.task(...)")
        weight = float(marker.kwargs.get("weight", 1))
        case = cls(item, item.name.removeprefix("test_"), marker.args[0], weight)
        if not isinstance(item, pytest.Function) or not _is_plain(item):
            return case
        names = item._fixtureinfo.argnames
        rngs = {name: generator(secret, item.nodeid, STREAMS[name]) for name in STREAMS}
        states = {n: (rng, rng.bit_generator.state) for n, rng in rngs.items() if n in names}
        parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        return replace(
            case,
            plain=True,
            parameters=parameters,
            rngs=states,
            takes_student="student" in names,
        )

    def arguments(self, student: Student) -> dict[str, Any]:
        """What a plain test is called with; its generators stand at their beginning again."""
        values = dict(self.parameters)
        if self.takes_student:
            values["student"] = student
        for name, (rng, state) in self.rngs.items():
            rng.bit_generator.state = state
            values[name] = rng
        return values

    def verdict(self, error: BaseException | None) -> TestResult:
        """The result of a run that ended without an error or with this one."""
        if error is None:
            return TestResult(self.name, True, self.weight)
        if isinstance(error, CheckError):
            missing = isinstance(error, MissingFunction)
            words = (error.message, "", error.detail, missing)
            return TestResult(self.name, False, self.weight, *words)
        detail = f"{type(error).__name__}: {error}"[:2000]
        return TestResult(self.name, False, self.weight, OTHER_FAILURE, detail=detail)


class HiddenTests:
    """The hidden tests of one lab, collected once and run for many submissions.

    Args:
        path: the test module, ``hidden/test_{lab}.py``.
        secret: the course secret, from which every test's generators are seeded.

    Raises:
        UsageError: the module cannot be collected, holds no tests, or one without its task.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        arguments = [
            *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:logging"),
            *("--capture=no", "-c", "/dev/null", "--rootdir", str(path.parent)),
            # this plugin would collect garbage at the end of each of many sessions
            *("-p", "no:unraisableexception"),
            *("--disable-plugin-autoload", "-p", "autograder.grading"),
            *("--strict-markers", str(path)),
        ]
        self._config = _prepareconfig(arguments)
        self._config.stash[SECRET] = secret
        self._config.pluginmanager.register(_Reports())
        collection = _CollectionErrors()
        self._config.pluginmanager.register(collection)
        self._config._do_configure()
        self._session = pytest.Session.from_config(self._config)
        self._config.hook.pytest_sessionstart(session=self._session)
        items = list(self._session.perform_collect())
        self.failures: dict[str, tuple[Call, ...]] = {}  # in the last run: what was answered
        if collection.reasons:
            raise UsageError(f"{path.name} cannot be collected: {collection.reasons[0]}")
        if not items:
            raise UsageError(f"{path.name} holds no tests")
        self.cases = [Case.of(item, secret) for item in items]

    def tasks(self) -> set[str]:
        """The names of the tasks that have at least one test."""
        return {case.task for case in self.cases}

    def names(self) -> list[tuple[str, str]]:
        """Each test's task and name, as results have them, in order."""
        return [(case.task, case.name) for case in self.cases]

    def run(
        self, student: RestartableStudent, only: str | None = None
    ) -> dict[str, list[TestResult]]:
        """Run every test, or those of one task, for one submission; the results by task.

        A test that fails in a process in which earlier tests may have left something runs again in
        a fresh one, and that verdict counts: nothing of an earlier test's may cost points.
        """
        self._student = self._config.stash[STUDENT] = Recorded(student)
        self.failures = {}
        results: dict[str, list[TestResult]] = {}
        for case in self.cases:
            if only not in (None, case.task):
                continue
            called = student.called
            result = self._run_one(case)
            if not (result.passed or result.missing) and student.may_remember(called):
                student.restart()
                result = self._run_one(case)
            if not result.passed:
                self.failures[result.name] = self._student.take()
            results.setdefault(case.task, []).append(result)
        return results

    def close(self) -> None:
        """End the pytest session."""
        self._session._setupstate.teardown_exact(None)
        self._config.hook.pytest_sessionfinish(session=self._session, exitstatus=0)
        self._config._ensure_unconfigure()

    def _run_one(self, case: Case) -> TestResult:
        self._student.take()
        if case.plain:
            return case.verdict(_error_of(case, self._student))
        item = case.item
        # of pytest.Function alone, which a test is
        item._initrequest()  # type: ignore[attr-defined]
        item.user_properties.clear()
        reports = runtestprotocol(item, log=False, nextitem=None)
        called = [report for report in reports if report.when == "call"]
        passed = len(called) == 1 and all(report.outcome == "passed" for report in reports)
        # pytest types what a test takes down as object; a figure that is no number fails here
        measures = {name: float(value) for name, value in item.user_properties}  # type: ignore[arg-type]
        error = None if passed else item.stash[ERROR] or RuntimeError("pytest did not run it")
        return replace(case.verdict(error), measures=measures)


def _error_of(case: Case, student: Student) -> BaseException | None:
    """Call a plain test as pytest would, at a tenth of the price."""
    try:
        # a plain case is a pytest.Function
        case.item.obj(**case.arguments(student))  # type: ignore[attr-defined]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # pytest.fail and pytest.skip raise no Exception
        return error
    return None


def _is_plain(item: pytest.Function) -> bool:
    """Whether a test needs nothing of pytest's but our fixtures and its parameters."""
    marks = {mark.name for mark in item.iter_markers()}
    given = set(item.callspec.params) if hasattr(item, "callspec") else set()
    wanted = set(item._fixtureinfo.initialnames) - given
    return marks <= {"task", "parametrize"} and wanted <= {"student", *STREAMS} and item.cls is None
