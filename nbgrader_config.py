"""nbgrader's settings: its source step reads solutions/, its release step writes labs/."""

c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "dlcourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "Thumbs.db"]
