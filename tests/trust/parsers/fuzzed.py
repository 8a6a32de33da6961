"""One target under the fuzzer, in a process of its own: `python -m tests.trust.parsers.fuzzed NAME OPTION`.

The options are libFuzzer's. The process ends with what the fuzzer found: 0 for nothing.
"""

import sys

import atheris  # type: ignore[import-untyped]  # published without types

with atheris.instrument_imports(include=["scoring", "dedup_service"]):
    from tests.trust.parsers.targets import TARGETS


def main() -> None:
    name, options = sys.argv[1], sys.argv[2:]
    target = TARGETS[name]

    def run(data: bytes) -> None:
        # Surrogates too where the first byte says so: a str of Python may hold them.
        target.check(data.decode("utf-8", "surrogateescape" if data[:1] < b"\x10" else "replace"))

    atheris.Setup([sys.argv[0], *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
