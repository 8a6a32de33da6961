"""The policy and the principals, read from YAML files whole or not at all, with all problems at once."""

from dedup_service.company_files.policy_file import load_policy, parse_policy, policy_text
from dedup_service.company_files.principals_file import load_principals, parse_principals
from dedup_service.company_files.problems import CompanyFileError, Problem

__all__ = [
    "CompanyFileError",
    "Problem",
    "load_policy",
    "load_principals",
    "parse_policy",
    "parse_principals",
    "policy_text",
]
