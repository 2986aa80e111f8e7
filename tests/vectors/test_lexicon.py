"""proto/src/lexicon.py reckons as the compiler does, and finds a factor where one more word asks for it."""

import os
import sys
import unittest

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto", "src")
sys.path.insert(0, SOURCES)

import lexicon  # noqa: E402


def read(name):
    with open(os.path.join(SOURCES, name), encoding="utf-8") as file:
        return file.read()


class Lexicon(unittest.TestCase):
    def test_the_factors_of_today_serve(self):
        """Of this many words chance alone gives hardly any factor under which no two meet."""
        for name, some in (("name", {"at_least", "retraction", "collapsed"}), ("key", {"id", "producer_seq"})):
            words, factor = lexicon.words_of(read(name + ".c")), lexicon.factor_of(read(name + ".h"))
            self.assertLessEqual(some, set(words))
            self.assertEqual(len(words), len(set(words)))
            self.assertEqual(lexicon.find(words, factor), factor)

    def test_another_is_found_where_two_words_meet(self):
        words = lexicon.words_of(read("key.c"))
        factor = lexicon.factor_of(read("key.h"))
        taken = set(lexicon.slots(words, factor))
        meets = next(w for w in map("w{}".format, range(1000)) if set(lexicon.slots([w], factor)) <= taken)
        found = lexicon.find(words + [meets], factor)
        self.assertNotEqual(found, factor)
        self.assertEqual(len(set(lexicon.slots(words + [meets], found))), len(words) + 1)
        self.assertEqual(found % 2, 1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
