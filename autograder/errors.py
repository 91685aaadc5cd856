"""What can go wrong on the instructor's side, each with words that say what to do."""


class AutograderError(Exception):
    """Base of all errors that end a command with one line of words."""


class UsageError(AutograderError):
    """The command was given something that it cannot work with."""


class SandboxUnavailable(AutograderError):
    """There is no sandbox, so nothing is graded."""


class SandboxFailed(AutograderError):
    """A sandbox that ran before died or went wrong; a new one may do."""


class UnreadableSubmission(AutograderError):
    """The submitted file cannot be graded; the reason is for the student."""
