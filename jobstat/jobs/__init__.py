"""Jobs: parsing, verdicts, and when to poll. Pure.

Nothing here uses the network, a clock, a terminal or the environment.
"""
