"""Record matching as a pure library: prepare records, find candidates, score pairs, cluster, and let values
survive.

from scoring import Entity, prepare, score_pair
score = score_pair(prepare(one, Entity.PERSON), prepare(other, Entity.PERSON))
"""

from scoring.blocking import (
    BlockingRule,
    blocking_keys,
    blocking_rules,
    most_members,
)
from scoring.clustering import Cluster, Link, cluster
from scoring.comparables import Comparable, Entity, pack, unpack
from scoring.errors import (
    ClusterError,
    ComparableError,
    ModelError,
    ScoringError,
    SurvivorshipError,
    TrainingError,
)
from scoring.fingerprints import blocking_fingerprint, preparation_fingerprint
from scoring.model import ScoringModel, shipped_model
from scoring.pairs import Contribution, PairScore, Verdict, score_likely, score_many, score_pair
from scoring.preparation import prepare
from scoring.survivorship import MemberValues, Rule, SurvivingValue, survive

__all__ = [
    "BlockingRule",
    "Cluster",
    "ClusterError",
    "Comparable",
    "ComparableError",
    "Contribution",
    "Entity",
    "Link",
    "MemberValues",
    "ModelError",
    "PairScore",
    "Rule",
    "ScoringError",
    "ScoringModel",
    "SurvivingValue",
    "SurvivorshipError",
    "TrainingError",
    "Verdict",
    "blocking_fingerprint",
    "blocking_keys",
    "blocking_rules",
    "cluster",
    "most_members",
    "pack",
    "preparation_fingerprint",
    "prepare",
    "score_likely",
    "score_many",
    "score_pair",
    "shipped_model",
    "survive",
    "unpack",
]
