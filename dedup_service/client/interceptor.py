"""What every call of a client carries: who calls, a deadline, a request id; and typed errors for it.

The stubs stay the generated ones: all of this happens below them.
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import Message

from dedup_service.client.bearer import TokenSource, current_token
from dedup_service.client.errors import explain
from dedup_service.client.masked import Mark, put_marks

PRINCIPAL_KEY = "dedup-principal"
AUTHORIZATION_KEY = "authorization"

# grpc's own generic parameters cannot be spelt outside its stubs, so calls and messages are Any here.
Continuation = Callable[[grpc.ClientCallDetails, Any], Any]


class CallDetails(grpc.ClientCallDetails):
    """The details of a call with some of them replaced."""

    def __init__(
        self,
        given: grpc.ClientCallDetails,
        timeout: float | None,
        metadata: tuple[tuple[str, str | bytes], ...],
    ) -> None:
        self.method = given.method
        self.timeout = timeout
        self.metadata = metadata
        self.credentials = given.credentials
        self.wait_for_ready = given.wait_for_ready
        self.compression = given.compression


class CallPolicy(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Completes each call of one principal; streams get no deadline of their own.

    `token` is asked anew for each call, so that one that was renewed is sent. With `mark`, answers bear marks
    in the place of values that the caller may not read.
    """

    def __init__(
        self, principal: str, deadline_seconds: float, token: TokenSource = "", mark: Mark | None = None
    ) -> None:
        self._mark = mark
        self._principal = principal
        self._token = token
        self._deadline_seconds = deadline_seconds

    def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request: Any
    ) -> Any:
        timeout = client_call_details.timeout
        seconds = self._deadline_seconds if timeout is None else timeout
        return ExplainedCall(
            continuation(self._details(client_call_details, seconds), with_request_id(request)), self._mark
        )

    def intercept_unary_stream(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request: Any
    ) -> Any:
        details = self._details(client_call_details, client_call_details.timeout)
        return ExplainedStream(continuation(details, with_request_id(request)), self._mark)

    def intercept_stream_stream(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request_iterator: Any
    ) -> Any:
        details = self._details(client_call_details, client_call_details.timeout)
        return ExplainedStream(continuation(details, map(with_request_id, request_iterator)), self._mark)

    def _details(self, given: grpc.ClientCallDetails, timeout: float | None) -> CallDetails:
        metadata = tuple(given.metadata or ())
        keys = {key for key, _ in metadata}
        if self._principal and PRINCIPAL_KEY not in keys:
            metadata = (*metadata, (PRINCIPAL_KEY, self._principal))
        if AUTHORIZATION_KEY not in keys and (token := current_token(self._token)):
            metadata = (*metadata, (AUTHORIZATION_KEY, f"Bearer {token}"))
        return CallDetails(given, timeout, metadata)


class ExplainedCall:
    """A call with one answer, under way or over, that raises `ServiceError`; all else is the call's own."""

    def __init__(self, call: Any, mark: Mark | None = None) -> None:
        self._call = call
        self._mark = mark

    def result(self, timeout: float | None = None) -> Any:
        try:
            answer = self._call.result(timeout)
        except grpc.RpcError as error:
            raise explain(error) from error
        if self._mark is not None:
            put_marks(answer, self._mark)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


class ExplainedStream:
    """A stream of answers that raises `ServiceError`; all else is the call's own."""

    def __init__(self, call: Any, mark: Mark | None = None) -> None:
        self._call = call
        self._mark = mark

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            answer = next(self._call)
        except grpc.RpcError as error:
            raise explain(error) from error
        if self._mark is not None:
            put_marks(answer, self._mark)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


def with_request_id(request: Message) -> Message:
    """The request, or where its `request_id` is empty a copy with a new one; the caller's is not touched."""
    if "request_id" not in request.DESCRIPTOR.fields_by_name or request.request_id:  # type: ignore[attr-defined]  # the descriptor says that it is there
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    copy.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # the descriptor says that it is there
    return copy
