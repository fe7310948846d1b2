"""JSON values as text."""

from __future__ import annotations


def flatten(value: object) -> str:
    """Return a JSON value as one line. An error object shows its description."""
    if isinstance(value, dict):
        description = value.get("description")
        if isinstance(description, str):
            return description
        parts = ((name, flatten(inner)) for name, inner in value.items())
        return ", ".join(f"{name}: {inner}" for name, inner in parts if inner)
    if isinstance(value, list):
        return ", ".join(filter(None, map(flatten, value)))
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    return str(value)
