"""Whether a request that changes something comes from a page of ours."""

from starlette.requests import Request


def is_same_origin(request: Request, ours: str = "") -> bool:
    """Whether the browser says that the request comes from this site; one that says nothing is refused.

    `ours` is the origin of this site; where it is empty, the one of the request's own host.
    """
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None and fetched_from != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return fetched_from == "same-origin"
    if ours:
        return origin == ours
    scheme, _, host = origin.partition("://")
    return scheme in {"http", "https"} and host == request.headers.get("host", "")
