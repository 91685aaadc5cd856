"""Marks of concept questions: a set of letters against the key in the instructor's notebook."""

from __future__ import annotations

from autograder.labs import Task
from autograder.results import TaskResult, TaskStatus, TestResult


def mark_question(task: Task, answers: object) -> TaskResult:
    """Mark a concept question: right ticked / right − wrong ticked / wrong, at least zero."""
    given = answers.get(task.name) if isinstance(answers, dict) else None
    if not isinstance(given, set | list | tuple) or not given:
        test = TestResult("letters", False, message="no answer", missing=True)
        return TaskResult(task.name, 0.0, task.points, "missing", (test,))
    ticked = {letter.strip().lower() for letter in given if isinstance(letter, str)}
    wrong = task.letters - task.key
    share = len(ticked & task.key) / len(task.key) - len(ticked & wrong) / len(wrong)
    passed = ticked & task.letters == task.key
    message = "" if passed else "not all of the right letters, or some of the wrong ones"
    status: TaskStatus = "passed" if passed else "partial" if share > 0 else "failed"
    score = round(task.points * max(0.0, share), 2)
    test = TestResult("letters", passed, message=message)
    return TaskResult(task.name, score, task.points, status, (test,))
