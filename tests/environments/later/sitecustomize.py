"""Imported by every Python that starts with this folder in PYTHONPATH: its wall clock is two years ahead, and ticks.

Monotonic clocks stay. What reads the time in C, such as OpenSSL, sees today.
"""

import datetime as dt

try:
    import time_machine
except ImportError:  # a Python of another environment, started on the way
    pass
else:
    time_machine.travel(dt.timedelta(days=731), tick=True).start()
