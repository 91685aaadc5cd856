"""The one record of a graded submission, and the file that keeps it through crashes."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.results import ResultsFile, SubmissionResult, TaskResult, TestResult

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scores = st.floats(0, 100, allow_nan=False)
tests = st.builds(
    TestResult, text, st.booleans(), scores, text, hint=text, detail=text, missing=st.booleans()
)
tasks = st.builds(
    TaskResult,
    text,
    st.none() | scores,
    scores,
    st.sampled_from(["passed", "partial", "failed", "missing", "manual"]),
    st.lists(tests, max_size=3).map(tuple),
)
records = st.builds(
    SubmissionResult,
    text,
    text,
    st.sampled_from(["graded", "failed"]),
    scores,
    scores,
    st.lists(tasks, max_size=3).map(tuple),
    st.lists(text, max_size=3).map(tuple),
    isolation=text,
    notebook_sha256=text,
    seconds=scores,
    key=text,
    secret_sha256=text,
)


def graded(student: str = "alice", lab: str = "lab01", *errors: str) -> SubmissionResult:
    task = TaskResult.of_tests("sgd_epoch", 9, [TestResult("moves", True)])
    return SubmissionResult.graded(student, lab, [task], errors=errors)


def failed(student: str = "alice", lab: str = "lab01") -> SubmissionResult:
    return SubmissionResult.failed(student, lab, 90, "no notebook")


# One record


@given(records)
def test_record_survives_the_way_through_one_line(record: SubmissionResult) -> None:
    line = record.to_json()
    assert "\n" not in line
    assert SubmissionResult.from_json(line) == record


def test_line_has_the_names_that_others_rely_on() -> None:
    line = json.loads(graded().to_json())
    wanted = "student lab status score max_score tasks errors isolation notebook_sha256 seconds"
    assert set(wanted.split()) <= set(line)
    assert set(line["tasks"][0]) == {"name", "score", "max_score", "status", "tests"}
    assert {"name", "passed", "message", "hint"} <= set(line["tasks"][0]["tests"][0])


@pytest.mark.parametrize("line", ["", "{", "null", "[]", "3", "{}", '{"tasks": 3}', '{"tasks":[]}'])
def test_line_that_is_no_record_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SubmissionResult.from_json(line)


def test_score_is_the_sum_of_what_is_graded_automatically() -> None:
    half = [TestResult("a", True), TestResult("b", False), TestResult("c", False)]
    parts = [
        TaskResult.of_tests("f", 5, half),
        TaskResult.of_tests("g", 5, half),
        TaskResult.manual("w_essay", 10),
    ]
    result = SubmissionResult.graded("alice", "lab01", parts)
    assert (result.score, result.max_score, result.status) == (3.34, 10, "graded")


def test_failed_submission_has_no_points_of_all_that_there_are_and_one_reason() -> None:
    result = failed()
    assert (result.status, result.score, result.max_score) == ("failed", 0, 90)
    assert (result.tasks, result.errors) == ((), ("no notebook",))


def test_manual_task_has_points_and_no_score() -> None:
    task = TaskResult.manual("w_essay", 5)
    assert (task.score, task.max_score, task.status) == (None, 5, "manual")


# The file


def test_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    results = ResultsFile.open(tmp_path / "results.jsonl")
    assert results.latest() == []
    assert results.get("alice", "lab01") is None
    assert not results.path.exists()


@given(st.lists(records, min_size=1, max_size=4))
def test_file_holds_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, many: list[SubmissionResult]
) -> None:
    path = tmp_path_factory.mktemp("results") / "results.jsonl"
    results = ResultsFile.open(path)
    for record in many:
        results.append(record)
    again = ResultsFile.open(path)
    assert again.latest() == results.latest()
    assert len(path.read_bytes().split(b"\n")) == len(many) + 1


def test_last_line_of_a_student_and_lab_counts(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    results = ResultsFile.open(path)
    for record in (graded(), failed("bob"), graded("alice", "lab02"), failed()):
        results.append(record)
    for file in (results, ResultsFile.open(path)):
        assert file.get("alice", "lab01") == failed()
        assert file.get("alice", "lab02") == graded("alice", "lab02")
        assert file.latest("lab01") == [failed(), failed("bob")]
        assert [record.lab for record in file.latest()] == ["lab01", "lab01", "lab02"]


@pytest.mark.parametrize("kept", [0, 1, 40, -1, -2])
def test_torn_tail_is_cut_and_the_next_result_stands_on_a_line_of_its_own(
    tmp_path: Path, kept: int
) -> None:
    path = tmp_path / "results.jsonl"
    ResultsFile.open(path).append(graded())
    torn = (failed("bob", "lab01\u00e9").to_json() + "\n").encode()[:kept]
    with path.open("ab") as file:
        file.write(torn)
    results = ResultsFile.open(path)
    assert results.latest() == [graded()]
    assert path.read_bytes() == graded().to_json().encode() + b"\n"
    results.append(failed("carol"))
    assert len(ResultsFile.open(path).latest()) == 2


def test_file_that_is_one_torn_line_becomes_empty(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"student": "al')
    assert ResultsFile.open(path).latest() == []
    assert path.read_bytes() == b""


def test_damaged_line_in_the_middle_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(graded().to_json() + '\n{"student": 3\n' + failed().to_json() + "\n")
    with pytest.raises(ValueError, match=r"results\.jsonl, line 2"):
        ResultsFile.open(path)


def test_odd_line_ends_in_a_students_words_break_no_line(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    record = graded("alice", "lab01", "cell 1 (a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\r\n) failed")
    ResultsFile.open(path).append(record)
    assert ResultsFile.open(path).get("alice", "lab01") == record


def test_append_writes_the_line_to_the_disk_before_it_returns(tmp_path: Path) -> None:
    script = f"""
        import os
        from pathlib import Path
        from autograder.results import ResultsFile, SubmissionResult
        synced = []
        os.fsync = lambda descriptor, sync=os.fsync: (
            synced.append(os.fstat(descriptor).st_size), sync(descriptor)
        )
        path = Path({str(tmp_path / "results.jsonl")!r})
        results = ResultsFile.open(path)
        for student in ("alice", "bob"):
            results.append(SubmissionResult.failed(student, "lab01", 90, "no notebook"))
            assert synced[-1] == path.stat().st_size and path.read_bytes().endswith(b"\\n")
        os.kill(os.getpid(), {int(signal.SIGKILL)})
    """
    finished = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert finished.returncode == -signal.SIGKILL
    students = [r.student for r in ResultsFile.open(tmp_path / "results.jsonl").latest()]
    assert students == ["alice", "bob"]


def test_time_is_the_only_thing_that_with_seconds_changes() -> None:
    assert graded().with_seconds(1.5) == dataclasses.replace(graded(), seconds=1.5)
