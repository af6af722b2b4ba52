"""A provider with a wire format of its own, as a package that tells pytest-llmchaos about it."""
