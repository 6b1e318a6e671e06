"""Summaries without a language model: the sentences of a text that carry most of its words, in their order.

Extractive and honest: every sentence of a summary stands in the text, personal data included, as a model that
was not told to leave them out would have them. Method: word frequencies over sentences (H. P. Luhn, The
automatic creation of literature abstracts, 1958), with a bonus for early sentences.
"""

from __future__ import annotations

import re
from collections import Counter

SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?=\s|$)|\n|$)|[^\n]+")
WORD = re.compile(r"\w[\w'-]*")
COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "if",
        "then",
        "so",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "from",
        "with",
        "by",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "i",
        "you",
        "he",
        "she",
        "we",
        "they",
        "me",
        "him",
        "her",
        "us",
        "them",
        "my",
        "your",
        "his",
        "our",
        "their",
        "not",
        "no",
        "yes",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "just",
        "very",
        "there",
        "here",
        "what",
        "which",
        "who",
        "when",
        "how",
        "agent",
        "customer",
        "okay",
        "ok",
        "thank",
        "thanks",
        "please",
        "hello",
        "hi",
    ]
)
LISTED = re.compile(r"\s*(?:\d+[.)]|[-*\u2022])\s")
# What a prompt may wrap its text in: <transcript>...</transcript>.
WRAPPED = re.compile(r"<(?P<tag>[A-Za-z_][\w-]*)>\s*(?P<text>.+?)\s*</(?P=tag)>", re.DOTALL)
CHARACTERS_PER_TOKEN = 4


def subject(prompt: str) -> str:
    """The part of a prompt that is to be summed up: the longest thing between tags, else the longest section
    that is no list (prompts list their instructions)."""
    wrapped = [match["text"] for match in WRAPPED.finditer(prompt)]
    if wrapped:
        return max(wrapped, key=len)
    sections = re.split(r"\n\s*\n", prompt.strip())
    return max([each for each in sections if not _is_list(each)] or sections, key=len)


def _is_list(section: str) -> bool:
    lines = section.splitlines()
    return 2 * sum(bool(LISTED.match(line)) for line in lines) >= len(lines)


def summarize(text: str, *, sentences: int = 4) -> str:
    """At most so many sentences of the text."""
    found = [" ".join(match[0].split()) for match in SENTENCE.finditer(text)]
    found = [sentence for sentence in found if WORD.search(sentence)]
    counts = Counter(word for sentence in found for word in set(_words(sentence)))
    scores = [
        sum(counts[word] for word in set(_words(sentence))) / (len(_words(sentence)) + 3) + 1 / (2 + place)
        for place, sentence in enumerate(found)
    ]
    best = sorted(range(len(found)), key=lambda place: (-scores[place], place))[:sentences]
    return " ".join(found[place] for place in sorted(best))


def tokens(text: str) -> int:
    """About how many tokens a model would count."""
    return max(1, len(text) // CHARACTERS_PER_TOKEN)


def _words(sentence: str) -> list[str]:
    return [word for word in (each.lower() for each in WORD.findall(sentence)) if word not in COMMON]
