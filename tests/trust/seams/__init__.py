"""Where a process of the service can be stopped: between any two things that it says to another.

The service knows nothing of this. Its connections to PostgreSQL and to the index server, and those of its
callers to it, go through proxies that understand what passes: each statement, each command of the index, each
frame of an answer is a point, before it is handed on or after it was answered. At a point the process can be
killed, the connection ended by the other side, or nothing happen any more. What has passed has been received;
what has not has not, also within a pipeline.
"""
