"""The instructor's side: build labs, grade a class in a sandbox, report."""
