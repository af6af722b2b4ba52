"""What the clock raises."""


class AppHung(BaseException):
    """Raised into a wait that nothing can ever end: no timer is left and nothing runs.

    A `BaseException`, so that an app's `except Exception` retry does not take it for one more provider error.
    The message starts with "the app is hung" and says where each thread and task waits.
    """


class ClockUnsupported(RuntimeError):
    """Virtual time cannot reach what the caller runs on; the message says what, and what to use instead."""


# A traceback shows them where users find them.
for _error in (AppHung, ClockUnsupported):
    _error.__module__ = __name__.partition(".")[0]
