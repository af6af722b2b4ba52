"""Child processes of the app: no call of theirs to a provider leaves unseen.

A Python child finds two variables in its environment, whatever environment the app gives it (`launch.py`). By these
it loads `site/sitecustomize.py`: a guard of the standard library's means that looks at names and connections, and has
the HTTP libraries intercepted (`inside.py`) as soon as one is imported. While a run is on, a call to a provider is
stopped and told to the parent (`_post.py`). A forked child has the run's faults already, and sends what comes of its
calls (`_forks.py`). Of any other program only the name is known.
"""
