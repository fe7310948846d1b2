"""The help topics: texts that ``jobstat help TOPIC`` shows."""

from __future__ import annotations

TOPICS = {
    "auth": "Logins, credentials, and where jobstat stores them.",
    "environment": "The environment variables that jobstat reads.",
    "exit-codes": "The exit codes, and what counts as a failure.",
    "failures": "Why items failed, and how to send their records again.",
    "output": "JSON, the live view, colors, and what goes to stdout.",
    "polling": "How often jobstat asks, and what it retries.",
    "scripting": "Scripts, many jobs, standard input and CI.",
}
"""Each topic with its summary. The text is in a file such as ``auth.txt`` here."""


def load_topic(name: str) -> str:
    """Return the text of a topic."""
    from importlib.resources import files

    return files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
