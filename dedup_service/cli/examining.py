"""`doctor`: what an operator would look at, one finding after the other, each with what to do."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import psycopg
import typer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from dedup_service.cli.findings import Finding, State
from dedup_service.cli.identity_findings import identity_findings
from dedup_service.cli.link_findings import link_findings
from dedup_service.cli.output import Output
from dedup_service.cli.proof import proof_of
from dedup_service.client import DedupClient, ServiceError
from dedup_service.company_files import CompanyFileError, load_policy, load_principals
from dedup_service.composition import Servers, servers
from dedup_service.domain.errors import DedupError, IndexUnavailable
from dedup_service.embedded import EmbeddedServerError, installed_binaries
from dedup_service.index import RedisIndex, UnsuitableIndexServer
from dedup_service.rpc.tls import first_name
from dedup_service.setting_values import from_here
from dedup_service.settings import Settings, SettingsError
from dedup_service.store.migrate import SchemaMismatch, pending_migrations
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.store.server_checks import UnsuitableServer, check_server

_HEALTH_SECONDS = 2.0
_DOCTOR = "services/doctor"  # health is asked without looking at the principal


def doctor(as_json: bool) -> None:
    """Look at everything and say what was found; exit code 1 if something is wrong."""
    findings = asyncio.run(_collect())
    out = Output(as_json)
    if as_json:
        for each in findings:
            out.json(
                {"subject": each.subject, "state": each.state, "finding": each.text, "advice": each.advice}
            )
    else:
        out.table(
            ("", "what", "finding", "what to do"),
            [(each.state, each.subject, each.text, each.advice) for each in findings],
        )
    wrong = sum(each.state is State.WRONG for each in findings)
    if not as_json:
        out.line()
        out.line(f"{wrong} wrong" if wrong else "nothing is wrong", "bold red" if wrong else "bold green")
    if wrong:
        raise typer.Exit(1)


async def _collect() -> list[Finding]:
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        return [Finding("settings", State.WRONG, each, "correct the variable") for each in error.problems]
    findings = [Finding("settings", State.OK, "all can be read"), *_company_files(settings)]
    findings += [each async for each in identity_findings(settings)]
    findings += link_findings(settings, os.environ)
    service = await asyncio.to_thread(_service, settings)
    findings += [service, *_programs(settings)]
    if any(each.state is State.WRONG for each in findings):
        return findings
    findings += [each async for each in _servers(settings, service.state is State.OK)]
    return findings


def _company_files(settings: Settings) -> Iterator[Finding]:
    try:
        policy = load_policy(settings.policy)
        yield Finding("policy", State.OK, f"version {policy.version}")
        directory = load_principals(settings.principals, policy)
    except CompanyFileError as error:
        yield Finding("company files", State.WRONG, str(error), "correct the file")
        return
    if settings.principals is None:
        yield Finding(
            "principals",
            State.NOTE,
            "the people of the sample are the principals",
            "point DEDUP_PRINCIPALS at a file of your own before real use",
        )
    else:
        yield Finding("principals", State.OK, f"{len(directory.principals)} principals")


def _service(settings: Settings) -> Finding:
    address = from_here(settings.listen)
    proof = proof_of(os.environ)
    named = proof.server_name or first_name(settings.tls_certificate)
    with DedupClient(address, principal=_DOCTOR, credentials=proof.credentials, server_name=named) as client:
        try:
            answer = client.health.Check(HealthCheckRequest(), timeout=_HEALTH_SECONDS)
        except ServiceError as error:
            if error.unreachable:
                text = f"nothing answers at {address}"
                return Finding("service", State.NOTE, text, "start it with `dedup serve`")
            text = f"{address} answers {error.code.name}: {error.message}"
            return Finding(
                "service", State.WRONG, text, "is another service listening there? see DEDUP_LISTEN"
            )
    if answer.status == HealthCheckResponse.SERVING:
        return Finding("service", State.OK, f"serves at {address}")
    return Finding("service", State.NOTE, f"{address} is not serving now", "it starts or stops; ask again")


def _programs(settings: Settings) -> Iterator[Finding]:
    binaries = installed_binaries()
    for name, wanted, find in (
        ("PostgreSQL program", settings.embedded_postgres, binaries.postgres_directory),
        ("Valkey program", settings.embedded_valkey, binaries.valkey_server),
    ):
        if not wanted:
            continue
        try:
            yield Finding(name, State.OK, str(find()))
        except EmbeddedServerError as error:
            yield Finding(name, State.WRONG, str(error), "install it, or name a server of your own")


async def _servers(settings: Settings, serving: bool) -> AsyncIterator[Finding]:
    if settings.embedded_postgres and not (settings.data_dir / "postgres").exists():
        text = f"there is no store in {settings.data_dir} yet"
        yield Finding("PostgreSQL", State.NOTE, text, "`dedup serve` makes it")
        return
    try:
        async with servers(settings) as where:
            postgres = await _postgres(settings, where)
            for each in postgres:
                yield each
            redis = await _redis(where)
            yield redis
            if all(each.state is State.OK for each in (*postgres, redis)):
                for each in await _index(where, serving):
                    yield each
    except EmbeddedServerError as error:
        yield Finding("servers", State.WRONG, str(error), "look into the log in DEDUP_DATA_DIR")


async def _postgres(settings: Settings, where: Servers) -> list[Finding]:
    try:
        version = await check_server(where.database_url, settings.allow_unsafe_durability)
        missing = await pending_migrations(where.database_url)
    except psycopg.OperationalError:
        text = "does not answer at the configured URL"
        return [Finding("PostgreSQL", State.WRONG, text, "start it, or correct DEDUP_DATABASE_URL")]
    except UnsuitableServer as error:
        return [Finding("PostgreSQL", State.WRONG, str(error), "change the setting, then start again")]
    except SchemaMismatch as error:
        return [Finding("schema", State.WRONG, str(error), "run the release that knows it")]
    durable = "commits are flushed" if not settings.allow_unsafe_durability else "durability is not checked"
    found = [Finding("PostgreSQL", State.OK, f"{version}, {durable}")]
    if settings.allow_unsafe_durability:
        advice = "take DEDUP_ALLOW_UNSAFE_DURABILITY away for data that matters"
        found = [Finding("PostgreSQL", State.NOTE, f"{version}, {durable}", advice)]
    if missing:
        text = f"migrations {', '.join(map(str, missing))} have not run"
        return [*found, Finding("schema", State.NOTE, text, "`dedup serve` runs them")]
    return [*found, Finding("schema", State.OK, "is the one that this release knows")]


async def _redis(where: Servers) -> Finding:
    index = RedisIndex(where.redis_url, "")
    try:
        await index.connect()
    except UnsuitableIndexServer as error:
        return Finding("Valkey or Redis", State.WRONG, str(error), "change the server's configuration")
    except IndexUnavailable as error:
        return Finding("Valkey or Redis", State.WRONG, str(error), "start it, or correct DEDUP_REDIS_URL")
    finally:
        await index.close()
    return Finding("Valkey or Redis", State.OK, "answers, and evicts nothing")


async def _index(where: Servers, serving: bool) -> list[Finding]:
    store = PostgresStore(StoreOptions(where.database_url, 2))
    await store.open()
    try:
        index = RedisIndex(where.redis_url, await store.store_id())
        try:
            await index.connect()
            head = await store.read(lambda tx: tx.head_revision())
            status = await index.status()
            hot = await index.hot_keys()
        finally:
            await index.close()
    except DedupError as error:
        return [Finding("index", State.WRONG, str(error), "ask again")]
    finally:
        await store.close()
    text = f"{status.record_count:,} records, {status.key_count:,} blocking keys, at revision "
    text += f"{status.applied_revision} of {head}"
    found = [Finding("index", State.OK, text)]
    if status.rebuilding:
        found = [Finding("index", State.NOTE, status.defect or text, "it is being rebuilt; answers say so")]
    elif status.defect and serving:
        found = [Finding("index", State.WRONG, status.defect, "run `dedup rebuild-index`")]
    elif status.defect or (status.applied_revision < head and not serving):
        found = [Finding("index", State.NOTE, status.defect or text, "the service mends it when it starts")]
    if hot:
        text = f"{len(hot)} blocking keys have more members than are read, up to {hot[0].member_count:,}"
        found.append(Finding("hot keys", State.NOTE, text, "their answers say that they are incomplete"))
    return found
