"""Who sends metrics and traces, in OpenTelemetry's words."""

from importlib.metadata import version

from opentelemetry.sdk.resources import OTELResourceDetector, Resource


def resource() -> Resource:
    """This process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    ours = Resource(
        {
            "service.name": "dedup-service",
            "service.version": version("dedup-service"),
        }
    )
    return Resource.create().merge(ours).merge(OTELResourceDetector().detect())
