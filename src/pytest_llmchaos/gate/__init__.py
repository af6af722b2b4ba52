"""Records of tests: kept, written to journals, compared with a baseline, and judged by a policy."""
