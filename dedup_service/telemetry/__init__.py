"""What the service tells about itself: metrics for Prometheus, traces for an OpenTelemetry collector.

`recording` is what the service records with, in plain Python and without any library: the lowest layer.
`catalogue` names each metric once; the manual's table, the endpoint and the dashboard's test come from it.
`running` starts and stops the doors: `endpoint` for metrics and `tracing` for spans, which alone know
OpenTelemetry and are imported only when they are wanted.
"""
