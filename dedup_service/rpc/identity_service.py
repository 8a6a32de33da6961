"""IdentityService: as whom the service knows a caller."""

from dedup_service.rpc.callers import Caller
from dedup_service.v1 import identity_service_pb2 as pb


class IdentityService:
    """Answers the methods of `dedup_service.v1.IdentityService`; it knows nothing but the call itself."""

    async def get_caller(self, request: pb.GetCallerRequest, caller: Caller) -> pb.Caller:  # noqa: ARG002  every method gets its request
        principal = caller.principal
        return pb.Caller(
            name=principal.name,
            display_name=principal.display_name,
            functions=sorted(principal.functions),
            human=principal.human,
        )
