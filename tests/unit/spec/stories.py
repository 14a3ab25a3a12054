"""A story that is short, for what is said of stories and measured of their rows."""

STORY = """
scenario: own
extends: estate
story:
  title: A
  summary: B
  calm: {at: 1h, minutes: 10}
  steps:
    - {name: one, title: One, at: 2h, minutes: 30, seconds: 30, documented: {rps: 40}}
    - {name: two, title: Two, at: 2020-01-01T03:00, minutes: 30, seconds: 15.5, documented: {rps: 60}}
"""
