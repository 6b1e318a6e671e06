"""Policies of a guardrail: what CreateGuardrail refuses, what GetGuardrail shows, what is looked for here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from local.bedrock.place import refused

Config = Mapping[str, Any]
# Members of a configuration and of its description: (policy, list) -> (policy, list), and an item's key.
LISTS: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("topicPolicyConfig", "topicsConfig"): ("topicPolicy", "topics", "name"),
    ("contentPolicyConfig", "filtersConfig"): ("contentPolicy", "filters", "type"),
    ("wordPolicyConfig", "wordsConfig"): ("wordPolicy", "words", "text"),
    ("wordPolicyConfig", "managedWordListsConfig"): ("wordPolicy", "managedWordLists", "type"),
    ("sensitiveInformationPolicyConfig", "piiEntitiesConfig"): (
        "sensitiveInformationPolicy",
        "piiEntities",
        "type",
    ),
    ("sensitiveInformationPolicyConfig", "regexesConfig"): ("sensitiveInformationPolicy", "regexes", "name"),
    ("contextualGroundingPolicyConfig", "filtersConfig"): ("contextualGroundingPolicy", "filters", "type"),
}
MOST_REGEXES, MOST_EXAMPLE = 30, 100
LOOKAROUND = re.compile(r"\(\?(?:=|!|<=|<!)")
# Types that no pattern finds; everything else of the 31 is looked for by patterns.
NEEDS_MODEL = ("NAME", "ADDRESS")


def check(config: Config) -> None:
    """ApiError (ValidationException) for what the service model leaves to the service."""
    if not any(config.get(policy) for policy, _ in LISTS) and not config.get(
        "automatedReasoningPolicyConfig"
    ):
        raise refused("At least one policy must be specified to create a guardrail.")
    for policy, member in LISTS:
        items = _items(config, policy, member)
        key = LISTS[policy, member][2]
        twice = [name for name, count in Counter(item[key] for item in items).items() if count > 1]
        if twice:
            raise refused(f"{policy}.{member} has '{twice[0]}' twice.")
    for topic in _items(config, "topicPolicyConfig", "topicsConfig"):
        for example in topic.get("examples") or ():
            if len(example) > MOST_EXAMPLE:
                raise refused(
                    f"An example of topic '{topic['name']}' has more than {MOST_EXAMPLE} characters."
                )
    regexes = _items(config, "sensitiveInformationPolicyConfig", "regexesConfig")
    if len(regexes) > MOST_REGEXES:
        raise refused(f"A guardrail may have {MOST_REGEXES} regexes at most.")
    for regex in regexes:
        _check_regex(regex)
    for each in config.values():
        tier = (each.get("tierConfig") or {}).get("tierName") if isinstance(each, Mapping) else None
        if tier == "STANDARD" and not config.get("crossRegionConfig"):
            raise refused("The Standard tier requires crossRegionConfig.")


def described(config: Config) -> dict[str, Any]:
    """The policies as GetGuardrail shows them: with the actions and switches that the defaults make."""
    shown: dict[str, Any] = {}
    for (policy, member), (shown_policy, shown_member, _) in LISTS.items():
        items = _items(config, policy, member)
        if items:
            shown.setdefault(shown_policy, {})[shown_member] = [_filled(item, shown_member) for item in items]
    return shown


def not_looked_for(config: Config, *, has_language_model: bool) -> list[str]:
    """What the stand-in does not look for though it is configured, each with the reason."""
    found = []
    why = "it needs a language model (stand_in.bedrock.language_model names none)"
    for entity in _items(config, "sensitiveInformationPolicyConfig", "piiEntitiesConfig"):
        if entity["type"] in NEEDS_MODEL and not has_language_model:
            found.append(f"{entity['type']} is not looked for by the stand-in: {why}")
    for policy, member, what in (
        ("topicPolicyConfig", "topicsConfig", "denied topic"),
        ("contentPolicyConfig", "filtersConfig", "content filter"),
        ("contextualGroundingPolicyConfig", "filtersConfig", "contextual grounding filter"),
        ("wordPolicyConfig", "managedWordListsConfig", "managed word list"),
    ):
        for item in _items(config, policy, member):
            name = item.get("name") or item["type"]
            found.append(
                f"{what} {name} is not looked for by the stand-in: AWS's models and lists are its own"
            )
    return found


def _items(config: Config, policy: str, member: str) -> list[dict[str, Any]]:
    return list((config.get(policy) or {}).get(member) or ())


def _filled(item: dict[str, Any], member: str) -> dict[str, Any]:
    action = item.get("action") or "BLOCK"
    defaults: dict[str, Any] = {"inputEnabled": True, "outputEnabled": True}
    if member in ("piiEntities", "regexes"):
        defaults |= {"inputAction": action, "outputAction": action}
    elif member != "filters" or "inputStrength" in item:
        defaults |= {"inputAction": "BLOCK", "outputAction": "BLOCK"}
    else:
        defaults = {"action": "BLOCK", "enabled": True}
    return {**defaults, **item}


def _check_regex(regex: Mapping[str, Any]) -> None:
    if LOOKAROUND.search(regex["pattern"]):
        raise refused(f"The regex '{regex['name']}' has a lookaround, which is not supported.")
    try:
        re.compile(regex["pattern"])
    except re.error as error:
        raise refused(f"The regex '{regex['name']}' is not valid: {error}.") from error


def enabled(shown: Mapping[str, Any], policy: str, member: str, source: str) -> Iterator[tuple[Any, str]]:
    """The items of a described policy that look at this source (INPUT, OUTPUT), and what each then does."""
    side = source.lower()
    for item in (shown.get(policy) or {}).get(member) or ():
        if item.get(f"{side}Enabled", True):
            yield item, item.get(f"{side}Action") or item.get("action") or "BLOCK"
