"""What the pytest hooks do: markers, whole suites, the verdict of each test and of the session."""
