"""What grading leaves besides results.jsonl: written a batch at a time, while the rest is graded.

The notebooks that were graded, nbgrader's database and the feedback pages. All of it follows from
the results, so that what a run did not come to is written by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.collect import Handin
from autograder.errors import AutograderError
from autograder.labs import Lab
from autograder.report.handins import keep_notebooks, kept_notebook
from autograder.results import SubmissionResult

AT_ONCE = 20  # with more, the workers would be idle for longer while the last are written


@dataclass
class Outputs:
    """The outputs of one `grade` command.

    Attributes:
        lab: the lab that is graded.
        handins: what was handed in.
        out: the directory for notebooks and feedback.
        gradebook: nbgrader's database, as SQLAlchemy names it; None for none.
        course: nbgrader's course root; by default where the database lies.
    """

    lab: Lab
    handins: Iterable[Handin]
    out: Path
    gradebook: str | None = None
    course: Path | None = None
    _waiting: list[SubmissionResult] = field(default_factory=list)
    _error: AutograderError | OSError | None = None

    def add(self, result: SubmissionResult) -> None:
        """Take a result; write, if there are enough. What goes wrong is raised by `finish`."""
        self._waiting.append(result)
        if len(self._waiting) >= AT_ONCE and self._error is None:
            try:
                self._write()
            except (AutograderError, OSError) as error:
                self._error = error

    def finish(self) -> None:
        """Write the rest.

        Raises:
            AutograderError: the database cannot be written.
            OSError: a file cannot be written.
        """
        if self._error is not None:
            raise self._error
        self._write()

    def _write(self) -> None:
        from autograder.report.feedback import write_feedback
        from autograder.report.marks import Marks, read_marks

        batch, self._waiting = self._waiting, []
        students = {result.student for result in batch}
        handins = [handin for handin in self.handins if handin.student in students]
        keep_notebooks(self.lab, handins, batch, self.out)
        marks: dict[str, Marks] = {}
        if batch and self.gradebook is not None:
            self._write_gradebook(self.gradebook, batch, handins)
            marks = read_marks(self.lab.name, self.gradebook, students)
        for result in batch:
            notebook = kept_notebook(result, self.out)
            write_feedback(result, self.out / "feedback", notebook, marks.get(result.student))

    def _write_gradebook(
        self, url: str, batch: list[SubmissionResult], handins: list[Handin]
    ) -> None:
        from autograder import gradebook
        from autograder.course import Course, root_of

        files = {handin.student: handin.path for handin in handins}
        course = Course.at(self.course or root_of(url))
        gradebook.write(self.lab, batch, url, files=files, course=course)
