"""A scenario file that has one of everything."""

from __future__ import annotations

WHOLE = """\
# A comment.
name: a-bad-day
title: The provider has a bad day
tags: [outage, on, no]
sources:
  - https://example.org/status
hypothesis: Users keep getting answers.
evidence: modelled
notes: The numbers are made up.
phases:
  - name: rumours
    lasts: 10m
    inject:
      - {fault: latency, target: openai, delay: {distribution: lognormal, median: 6s, p99: 20s}}
      - fault: overloaded
        target: openai/gpt-4*:chat
        rate: 10%
        calls: 2-
        between: [10s, 2m]
  - name: back
    inject: []
expect:
  - failed_over: {from: openai, within: 10s}
  - attempts: {at_most: 3, per: provider}
  - retry_after_honoured
"""
