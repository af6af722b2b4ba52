"""Everything that patches this process, for HTTP libraries, child processes and work that is handed on.

Runs start and end here: `active_runs` hands each call to the run that it belongs to.
"""
