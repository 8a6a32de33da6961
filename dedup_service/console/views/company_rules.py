"""What a form must know of the company's policy: which sources there are and whose, and fields of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

_CUSTOM = "custom."


@dataclass(frozen=True, slots=True)
class CompanyRules:
    """`sources` to the function that each belongs to, in the order of the policy.

    `custom_fields` are those that the rules of data entry name, each with the values it takes; none: any.
    """

    sources: Mapping[str, str]
    custom_fields: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=4)
def read_rules(text: str) -> CompanyRules:
    """Read the text of a policy, which the service has checked.

    Raises:
        ValueError: it is no policy.
    """
    try:
        policy = yaml.load(text, _Loader)  # noqa: S506  a safe loader, the quick one of the two
    except yaml.YAMLError as error:
        raise ValueError("the policy cannot be read") from error
    sources = {
        str(name): str(of.get("function", "")) for name, of in _map(_map(policy).get("sources")).items()
    }
    fields = _map(_map(_map(policy).get("data_entry")).get("fields"))
    custom = {str(name): of for name, of in fields.items() if str(name).startswith(_CUSTOM)}
    return CompanyRules(
        sources,
        {name: tuple(map(str, _map(of).get("allowed_values") or ())) for name, of in custom.items()},
    )


_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _map(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
