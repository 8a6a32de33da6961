"""The command `dedup`: serve a merge desk, and work at one."""

import os

# What goes wrong is told by the commands and by the log: gRPC would write lines of its own between theirs. It
# reads this when it is first used.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
