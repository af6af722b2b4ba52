"""The support bot of the README and of `llmchaos demo`."""
