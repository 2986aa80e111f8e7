#!/usr/bin/python3
"""Finds a factor for a lexicon (lexicon.h) after a word was added: the present one where it still serves.

    lexicon.py name.c name.h        the words of the enumerations
    lexicon.py key.c key.h          the keys of events
"""

import random
import re
import sys

SLOT_BITS = 7  # of LEXICON_SLOTS


def words_of(text):
    """The words of X(list, word) and K("word", KEY)."""
    return re.findall(r'\bX\(\w+, (\w+)\)', text) + re.findall(r'\bK\("(\w+)",', text)


def factor_of(text):
    return int(re.search(r"FACTOR UINT64_C\((0x[0-9a-f]+)\)", text)[1], 16)


def slots(words, factor):
    """LEXICON_SLOT of each."""
    for word in words:
        first = int.from_bytes(word.encode()[:8], "little")
        yield ((first ^ len(word)) * factor % 2 ** 64) >> (64 - SLOT_BITS)


def serves(words, factor):
    seen = set()
    return all(slot not in seen and not seen.add(slot) for slot in slots(words, factor))


def find(words, factor):
    draw = random.Random(len(words))
    while not serves(words, factor):
        factor = draw.getrandbits(64) | 1
    return factor


def main(source, header):
    with open(source, encoding="utf-8") as file:
        words = words_of(file.read())
    with open(header, encoding="utf-8") as file:
        present = factor_of(file.read())
    print(f"{len(words)} words: UINT64_C({find(words, present):#x})")


if __name__ == "__main__":
    main(*sys.argv[1:])
