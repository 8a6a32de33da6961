"""A process that works: python -m dedup_service.cleanup.work.process, started by `spreading`.

It reads from its input how to make the work, pickled, then tables as Arrow streams, and writes the answers to
its output, each with its length before it. It ends with its input, so that it never outlives who started it.
"""

import gc
import os
import pickle
import sys
import traceback
from typing import IO

import pyarrow as pa

LENGTH_BYTES = 8
ANSWER, FAILURE = b"A", b"F"


def write_message(stream: IO[bytes], data: bytes | pa.Buffer) -> None:
    """Write so many bytes, their number before them."""
    stream.write(len(data).to_bytes(LENGTH_BYTES, "little"))
    stream.write(data)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """What `write_message` wrote; None at the end of the stream."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    count = int.from_bytes(head, "little")
    data = stream.read(count)
    return data if len(data) == count else None


def packed_table(table: pa.Table) -> pa.Buffer:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpacked_table(data: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


def main() -> None:
    """Work until the input ends."""
    source = sys.stdin.buffer
    # What anything prints must not get among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    recipe = read_message(source)
    if recipe is None:
        return
    # Tables make no cycles, and looking for some takes longer than unpacking records does.
    gc.disable()
    work = pickle.loads(recipe)()  # noqa: S301 -- from the process that started this one
    while (data := read_message(source)) is not None:
        try:
            answer = packed_table(work(unpacked_table(data)))
        except Exception as error:  # noqa: BLE001 -- told to who asked
            answers.write(FAILURE)
            # Where it went wrong and what kind it was: the text of an error may hold what a record holds.
            place = traceback.extract_tb(error.__traceback__)[-1]
            write_message(answers, f"{type(error).__name__} at {place.filename}:{place.lineno}".encode())
        else:
            answers.write(ANSWER)
            write_message(answers, answer)


if __name__ == "__main__":
    main()
