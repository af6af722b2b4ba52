"""What the clock raises."""


class AppHung(BaseException):
    """Raised into a wait that nothing can ever end: no timer is left and nothing runs.

    A `BaseException`, so that an app's `except Exception` retry does not take it for one more provider error.
    The message starts with "the app is hung" and says where each thread and task waits.
    """


class ClockUnsupported(RuntimeError):
    """Virtual time cannot reach what the caller runs on; the message says what, and what to use instead."""


class ClockHeld(UserWarning):
    """A thread of the app computes without rest, and virtual time went on beside it; the message says which and where.

    Given once a run for each such thread, when the run ends.
    """


# A traceback shows them where users find them.
for _error in (AppHung, ClockHeld, ClockUnsupported):
    _error.__module__ = __name__.partition(".")[0]
