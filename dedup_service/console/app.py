"""The console as an ASGI application: the one list of its addresses."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount, Route

from dedup_service.client import DedupClient
from dedup_service.console.door import Door
from dedup_service.console.options import SIGNED_IN_PATH, ConsoleOptions
from dedup_service.console.pages import (
    bulk,
    deciding,
    distinctions,
    front,
    golden_records,
    inbox,
    intake,
    jobs,
    merges,
    overview,
    preferences,
    proposal,
    proposal_choices,
    proposing,
    records,
    search,
    undoing,
    why,
)
from dedup_service.console.pages.own_sessions import OwnSessions
from dedup_service.console.pages.provider_sign_in import ProviderSignIn
from dedup_service.console.pages.signing_in import DemoSignIn
from dedup_service.console.rendering import STATIC_DIRECTORY, make_renderer
from dedup_service.console.said import SaidCookies
from dedup_service.console.security.beginnings import Beginnings
from dedup_service.console.security.cookies import Cookies
from dedup_service.console.security.headers import SecurityHeaders
from dedup_service.console.security.provider import Provider
from dedup_service.console.security.sessions import Sessions
from dedup_service.console.security.token_sessions import TokenSessions
from dedup_service.console.static_files import CachedStaticFiles
from dedup_service.console.texts import marks
from dedup_service.console.texts.languages import load_languages
from dedup_service.console.visit import Parts
from dedup_service.console.visitors import DemoVisitors, TokenVisitors, Visitors

# Of a connection's own; the service limits what a principal may ask of it.
DEADLINE_SECONDS = 10.0


def console_app(options: ConsoleOptions) -> Starlette:
    """The application; its connection to the service is opened by the first call and closed at the end.

    Raises:
        OSError: a template, catalogue or static file cannot be read.
    """
    languages = load_languages()
    connection = DedupClient(
        options.address,
        deadline_seconds=DEADLINE_SECONDS,
        credentials=options.credentials,
        mark=marks.hidden,
        server_name=options.server_name,
    )
    cookies = Cookies(options.over_tls)
    visitors, sign_in_routes = _sign_in(options, cookies, connection)
    door = Door(
        parts=Parts(
            renderer=make_renderer(languages),
            languages=languages,
            people=options.people,
            cookies=cookies,
            said_cookies=SaidCookies(options.secret, cookies),
            origin=options.origin,
            is_demo=options.provider is None,
        ),
        visitors=visitors,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001  starlette passes it
        yield
        connection.close()

    return Starlette(
        routes=[*sign_in_routes(door), *_routes(door)],
        middleware=[
            Middleware(SecurityHeaders, over_tls=options.over_tls),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(options.allowed_hosts), www_redirect=False),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
        exception_handlers={HTTPException: door.problem},
        lifespan=lifespan,
    )


SignInRoutes = Callable[[Door], list[BaseRoute]]


def _sign_in(
    options: ConsoleOptions, cookies: Cookies, connection: DedupClient
) -> tuple[Visitors, SignInRoutes]:
    """Who visits, and the addresses by which they came in."""
    if options.provider is None:
        people = {person.name: person for person in options.people}
        sessions = Sessions(options.secret)
        demo = DemoSignIn(sessions)
        return DemoVisitors(people, sessions, cookies, connection), lambda door: [
            Route("/sign-in", door.to_everybody(demo.choose)),
            Route("/sign-in", door.to_everybody(demo.sign_in), methods=["POST"]),
            Route("/sign-out", door.to(demo.sign_out), methods=["POST"]),
        ]
    provider = Provider(options.provider)
    visitors = TokenVisitors(TokenSessions(options.secret), provider, cookies, connection)
    pages = ProviderSignIn(provider, visitors, Beginnings(options.secret), connection, options.provider.url)
    own = OwnSessions(provider, visitors)
    return visitors, lambda door: [
        Route("/sign-in", door.to_everybody(pages.show)),
        Route("/sign-in/start", door.to_everybody(pages.start)),
        Route(SIGNED_IN_PATH, door.to_everybody(pages.finish)),
        Route("/sign-out", door.to(pages.sign_out), methods=["POST"]),
        Route("/sessions", door.to(own.show)),
        Route("/sessions/end", door.to(own.end), methods=["POST"]),
    ]


def _routes(door: Door) -> list[BaseRoute]:
    return [
        Route("/", door.to(front.home)),
        Route("/preferences", door.to_everybody(preferences.keep), methods=["POST"]),
        Route("/search", door.to(search.show)),
        Route("/intake", door.to(intake.show)),
        Route("/intake", door.to(intake.create), methods=["POST"]),
        Route("/intake/check", door.to(intake.check), methods=["POST"]),
        Route("/inbox", door.to(inbox.show)),
        Route("/bulk", door.to(bulk.show)),
        Route("/bulk", door.to(bulk.tick), methods=["POST"]),
        Route("/bulk/decide", door.to(bulk.decide), methods=["POST"]),
        Route("/inbox/saved", door.to(inbox.save), methods=["POST"]),
        Route("/inbox/saved/forget", door.to(inbox.forget), methods=["POST"]),
        Route("/proposals/{id}/approve", door.to(deciding.approve), methods=["POST"]),
        Route("/proposals/{id}/reject", door.to(deciding.reject), methods=["POST"]),
        Route("/proposals/{id}/not-a-duplicate", door.to(deciding.part), methods=["POST"]),
        Route("/proposals/{id}/withdraw", door.to(deciding.withdraw), methods=["POST"]),
        Route("/proposals/{id}/merge", door.to(deciding.merge), methods=["POST"]),
        Route("/proposals/{id}/next", door.to(deciding.skip)),
        Route("/merges", door.to(merges.list_all)),
        Route("/merges/{merge}", door.to(merges.show)),
        Route("/merges/{merge}/undo", door.to(undoing.preview)),
        Route("/merges/{merge}/undo", door.to(undoing.undo), methods=["POST"]),
        Route("/golden-records/{golden_record}", door.to(golden_records.show)),
        Route("/records/{source}/{record_id}", door.to(records.show)),
        Route("/distinctions/{distinction}/take-back", door.to(distinctions.take_back), methods=["POST"]),
        Route("/why", door.to(why.show)),
        Route("/propose", door.to(proposing.preview)),
        Route("/propose", door.to(proposing.propose), methods=["POST"]),
        Route("/proposals/{id}", door.to(proposal.show)),
        Route("/proposals/{id}/choices", door.to(proposal_choices.confirm)),
        Route("/proposals/{id}/choices", door.to(proposal_choices.choose), methods=["POST"]),
        Route("/overview", door.to(overview.show)),
        Route("/overview/{figure}.csv", door.to(overview.download)),
        Route("/jobs", door.to(jobs.list_all)),
        Route("/jobs/{job}", door.to(jobs.show)),
        Route("/jobs/{job}/run", door.to(jobs.run), methods=["POST"]),
        Route("/jobs/{job}/pause", door.to(jobs.pause), methods=["POST"]),
        Route("/jobs/{job}/resume", door.to(jobs.resume), methods=["POST"]),
        Route("/healthy", door.to_everybody(front.healthy)),
        Mount("/static", CachedStaticFiles(directory=STATIC_DIRECTORY)),
    ]
