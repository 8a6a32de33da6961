"""Runs a command and prints its exit status and its peak memory in KiB.

A process of its own, and one that imports next to nothing: the peak that the system counts for a child
begins with the memory of whoever started it.
"""

import os
import subprocess
import sys


def main() -> None:
    """Run the arguments; what they write goes to standard error."""
    process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)


if __name__ == "__main__":
    main()
