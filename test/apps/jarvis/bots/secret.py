"""A value that shows its name instead of itself."""

from __future__ import annotations


class Secret:
    """Only `reveal` gives the value; printing, formatting and tracebacks give the name."""

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.__value = value

    def reveal(self) -> str:
        return self.__value

    def __repr__(self) -> str:
        return f"[secret {self.name}]"
