"""One run: calls come in, are decided, written down and judged. It patches nothing and knows no HTTP library."""
