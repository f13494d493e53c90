import copy

import pytest

from portal.rules.chains import check_chain, choose_case, signatures
from portal.rules.message import Refusal
from portal.rules.standards import STANDARDS

REVIEW = {"type": "portal", "role": "supervisor", "meaning": "review"}
APPROVE = {"type": "portal", "role": "manager", "meaning": "approve"}
PAPER = {"type": "paper", "title": "finance", "meaning": "approve"}
INFORM = {"type": "paper", "title": "chairman", "meaning": "inform"}


def case(name, when, *steps):
    return {"case": name, "when": when, "steps": list(steps)}


def test_the_starting_chains_are_those_of_the_regulation():
    steps = STANDARDS["chain.investigation"].start[0]["steps"]
    assert [step.get("role") or step["title"] for step in steps] == ["supervisor", "manager", "chairman"]
    chain = STANDARDS["chain.credit"].start
    assert [step.get("role") or step["title"] for step in choose_case(chain, {"limit": "above"})["steps"]] == [
        "supervisor",
        "manager",
        "finance",
    ]
    assert [step["role"] for step in choose_case(chain, {"limit": "within"})["steps"]] == ["supervisor", "manager"]


def test_the_first_case_that_holds_counts():
    chain = [case("both", {"grade": ["A", "B"], "tier": ["vip"]}, APPROVE), case("a", {"grade": ["A"]}, PAPER), case("rest", {}, REVIEW)]
    check_chain(chain)
    assert choose_case(chain, {"grade": "A", "tier": "vip"})["case"] == "both"
    assert choose_case(chain, {"grade": "A"})["case"] == "a"
    assert choose_case(chain, {"grade": "C", "tier": "vip"})["case"] == "rest"


def test_counter_signing():
    together = {"together": [PAPER, INFORM]}
    check_chain([case("always", {}, together, APPROVE)], titles=["finance", "chairman"])
    assert signatures(together) == [PAPER, INFORM]
    assert signatures(APPROVE) == [APPROVE]


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        ([], "at least one case"),
        ("supervisor", "at least one case"),
        ([case("a", {}, APPROVE), case("a", {}, APPROVE)], "name of its own"),
        ([case("a", {"grade": ["A"]}, APPROVE)], "last case"),
        ([case("a", {}, APPROVE), case("b", {}, APPROVE)], "never be reached"),
        ([case("a", {"grade": []}, APPROVE), case("b", {}, APPROVE)], "not readable"),
        ([case("a", {})], "no steps"),
        ([case("a", {}, INFORM)], "only informed"),
        ([case("a", {}, {"together": [PAPER]})], "at least two"),
        ([case("a", {}, {"together": [PAPER, {"together": [PAPER, PAPER]}]})], "not a step"),
        ([case("a", {}, REVIEW | {"role": "rep"})], "not a step"),
        ([case("a", {}, PAPER | {"title": "janitor"})], "not a step"),
        ([case("a", {}, APPROVE | {"meaning": "seen"})], "not a step"),
        ([case("a", {}, APPROVE | {"title": "finance"})], "not a step"),
    ],
)
def test_what_is_no_chain_is_refused_in_words(chain, says):
    before = copy.deepcopy(chain)
    with pytest.raises(Refusal, match=says):
        check_chain(chain, titles=["finance", "chairman"])
    assert chain == before
