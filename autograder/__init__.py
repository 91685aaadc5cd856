"""The instructor's side: build labs, grade a class in a sandbox, report."""

import sys

# jsonschema would import it with nbformat, if only to check internationalized addresses, which
# notebooks do not have; it builds grammars for a second or two
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
