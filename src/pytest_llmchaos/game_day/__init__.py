"""Game-days: a scenario played in real time against a running service, in whatever language it is written.

What it needs beyond the plugin comes with `pip install 'pytest-llmchaos[serve]'`; nothing here is imported before a
command of a game-day runs.
"""
