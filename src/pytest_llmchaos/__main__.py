"""`python -m pytest_llmchaos` is the `llmchaos` command."""

from .cli import main

if __name__ == "__main__":
    main()
