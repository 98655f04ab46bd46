"""The error of an action that the simulator cannot do."""

from __future__ import annotations


class ActionError(ValueError):
    """The simulator cannot do what was asked for.

    Args:
        text: Why, in English, with the names of its values in braces.
        values: The values.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text.format(**values))
        self.text = text
        self.values = values
