"""The class report: one self-contained page for the instructor, from ``DIR/results.jsonl``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from autograder.labs import is_question
from autograder.report import figures, pages, summary
from autograder.report.handins import heading, kept_notebook, lab_of, shown_cells
from autograder.report.similarity import Pair, similar_pairs
from autograder.results import SubmissionResult, read_results

MOST_PAIRS = 20


@dataclass(frozen=True)
class LabReport:
    """What the report shows of one lab."""

    name: str
    title: str
    results: Sequence[SubmissionResult]
    scores: summary.Scores
    histogram: Markup
    task_bars: Markup
    question_bars: Markup
    failures: Sequence[summary.Failure]
    failed: Sequence[SubmissionResult]
    broken_cells: Sequence[SubmissionResult]
    slowest: Sequence[SubmissionResult]
    pairs: Sequence[Pair]
    compared: int
    leaderboard: Sequence[tuple[int, SubmissionResult]]


def write_report(directory: Path) -> Path:
    """Write ``directory/report.html`` from its results; UsageError if there are none."""
    results = read_results(directory)
    names = sorted({result.lab for result in results})
    reports = [
        _lab_report(name, [result for result in results if result.lab == name], directory)
        for name in names
    ]
    page = pages.template("report.html.j2").render(
        labs=reports,
        students=len({result.student for result in results}),
        unsafe=sorted({result.student for result in results if result.isolation == "unsafe"}),
        outcomes=summary.OUTCOMES,
        colors=figures.COLORS,
        accuracy=summary.LEADERBOARD,
    )
    return pages.write(directory / "report.html", page)


def _lab_report(name: str, results: list[SubmissionResult], directory: Path) -> LabReport:
    lab = lab_of(results[0])
    scores, tasks = summary.scores(results), summary.tasks(results)
    questions = [task for task in tasks if is_question(task.name)]
    functions = [task for task in tasks if not is_question(task.name)]
    pairs, compared = _pairs(results, directory)
    return LabReport(
        name=name,
        title=heading(lab) if lab is not None else name,
        results=results,
        scores=scores,
        histogram=Markup(figures.score_histogram(scores, name) if scores.values else ""),
        task_bars=Markup(figures.task_bars(functions, f"{name}-tasks") if functions else ""),
        question_bars=Markup(figures.task_bars(questions, f"{name}-q") if questions else ""),
        failures=summary.commonest_failures(results),
        failed=[result for result in results if result.status == "failed"],
        broken_cells=[r for r in results if r.status == "graded" and r.errors],
        slowest=summary.slowest(results),
        pairs=pairs[:MOST_PAIRS],
        compared=compared,
        leaderboard=summary.leaderboard(results),
    )


def _pairs(results: list[SubmissionResult], directory: Path) -> tuple[list[Pair], int]:
    """The similar pairs among the notebooks that are kept, and how many those are."""
    lab = lab_of(results[0])
    if lab is None or not lab.release.exists():
        return [], 0
    cells = {
        result.student: shown_cells(content, lab)
        for result in results
        if (content := kept_notebook(result, directory)) is not None
    }
    return similar_pairs(cells, shown_cells(lab.release.read_bytes(), lab)), len(cells)
