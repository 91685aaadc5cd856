"""The instructor's side: build labs, grade a class in a sandbox, report."""

import sys

# jsonschema would import it with nbformat, if only to check internationalized addresses, which
# notebooks do not have; it builds grammars for a second or two. None in place of a module says that
# there is none to import, which the type of sys.modules leaves out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
