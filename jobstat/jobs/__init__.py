"""What a job is and means, and when to ask for it next. Pure.

Nothing here knows a network, a clock, a terminal or the environment.
"""
