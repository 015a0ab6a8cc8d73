"""Which of many requests meet an intermittent fault: one of every N, told by $SEED, the same whenever that is the same."""
import os
import random

SEED = os.environ.get("SEED", "")


def hits(n, every, name):
    """Is request n (from 1) the one of its N? Without a seed the Nth; with one, a place in each N that is drawn anew."""
    block, place = divmod(n - 1, every)
    return place == (random.Random(f"{SEED} {name} {block}").randrange(every) if SEED else every - 1)


def begin(count):
    """Whose turn is first, of so many."""
    return random.Random(SEED).randrange(count) if SEED else 0
