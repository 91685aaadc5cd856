"""nbgrader's settings: its source step reads solutions/, its release step writes labs/."""

from autograder.nbgrader_plugin import configure

c = get_config()  # noqa: F821 - nbgrader defines it
configure(c)  # grade in the sandbox
c.CourseDirectory.course_id = "dlcourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
