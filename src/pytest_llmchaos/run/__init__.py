"""One run: calls come in, are decided, written down and judged. It patches no HTTP library."""
