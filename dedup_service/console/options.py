"""What the console is started with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in: `name` as in `users/ann`, and the functions that they hold."""

    name: str
    display_name: str
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """`address` is that of the service; `secret` signs cookies; `people` are those of the demo sign-in."""

    address: str
    secret: str
    people: tuple[Person, ...]
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
