"""Lab 01: answers to how rows are dealt into batches, at random and class by class."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("minibatches", says="Your indices are not shuffled: the batches are cut from 0, 1, 2, …")
def indices_in_order(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = np.arange(T)
    return [order[start : start + batch_size] for start in range(0, T, batch_size)]


@mistake(
    "minibatches",
    says="The indices that do not fill a batch are left out; they make a last, short batch.",
)
def short_batch_dropped(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = rng.permutation(T)
    return [order[k * batch_size : (k + 1) * batch_size] for k in range(T // batch_size)]


@mistake(
    "minibatches",
    says="You draw with replacement, so that some indices come twice and others never.",
)
def drawn_with_replacement(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = rng.integers(T, size=T)
    return [order[start : start + batch_size] for start in range(0, T, batch_size)]


@mistake("minibatches", says="Your randomness is NumPy's global one, not that of the generator.")
def global_randomness(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = np.random.permutation(T)  # noqa: NPY002 - this is the mistake
    return [order[start : start + batch_size] for start in range(0, T, batch_size)]


@mistake(
    "minibatches",
    says="You make a generator of your own, so every epoch has the same batches.",
)
def generator_of_its_own(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = np.random.default_rng(42).permutation(T)
    return [order[start : start + batch_size] for start in range(0, T, batch_size)]


@mistake(
    "minibatches",
    says="You shuffle within each batch, but which indices share a batch never changes.",
)
def shuffled_within_blocks(T: int, batch_size: int, rng: Generator) -> list[Array]:
    return [
        rng.permutation(np.arange(start, min(start + batch_size, T)))
        for start in range(0, T, batch_size)
    ]


@mistake(
    "minibatches",
    says="Your batches have nearly equal sizes; all but the last should have batch_size indices.",
)
def sizes_evened_out(T: int, batch_size: int, rng: Generator) -> list[Array]:
    return np.array_split(rng.permutation(T), -(-T // batch_size))


@mistake(
    "minibatches",
    says="You make batch_size batches; there should be batch_size indices in each.",
)
def size_taken_as_number(T: int, batch_size: int, rng: Generator) -> list[Array]:
    return np.array_split(rng.permutation(T), batch_size)


@mistake("minibatches", says="Where batch_size divides T, your last batch is an empty one.")
def empty_batch_at_the_end(T: int, batch_size: int, rng: Generator) -> list[Array]:
    return np.split(rng.permutation(T), range(batch_size, T + 1, batch_size))


@mistake("minibatches", says="Your indices count from 1, as rows of an array do not.")
def counted_from_one(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = rng.permutation(T) + 1
    return [order[start : start + batch_size] for start in range(0, T, batch_size)]


@variant("minibatches")
def shuffled_and_split(T: int, batch_size: int, rng: Generator) -> list[Array]:
    indices = np.arange(T)
    rng.shuffle(indices)
    return np.split(indices, range(batch_size, T, batch_size))


@variant("minibatches")
def taken_off_a_list(T: int, batch_size: int, rng: Generator) -> list[Array]:
    rest = rng.permutation(T).tolist()
    batches = []
    while rest:
        batches.append(np.array(rest[:batch_size]))
        del rest[:batch_size]
    return batches


@variant("minibatches")
def chosen_without_replacement(
    T: int, batch_size: int, rng: Generator, dtype: type = np.int32
) -> tuple[Array, ...]:
    order: Array = rng.choice(T, size=T, replace=False).astype(dtype)
    full = T - T % batch_size
    rest = [order[full:]] if full < T else []
    return (*order[:full].reshape(-1, batch_size), *rest)


@variant("minibatches")
def sorted_by_random_keys(T: int, batch_size: int, rng: Generator) -> list[Array]:
    order = np.argsort(rng.random(T))
    return [np.sort(order[start : start + batch_size]) for start in range(0, T, batch_size)]


@mistake(
    "class_balanced_batches",
    says="Your batches are shuffled without a look at the labels, so a class may crowd into some "
    "batches and lack in others.",
)
def labels_ignored(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    return np.array_split(rng.permutation(len(labels)), -(-len(labels) // batch_size))


@mistake(
    "class_balanced_batches",
    says="You sort the rows by class and cut: each batch is of one class or two, when it should "
    "have its share of every one.",
)
def one_class_after_another(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return np.array_split(order, -(-len(labels) // batch_size))


@mistake(
    "class_balanced_batches",
    says="The rows that each class has left over all land in the first batches, which become "
    "larger than batch_size.",
)
def leftovers_in_the_first_batches(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    count = -(-len(labels) // batch_size)
    parts = [
        np.array_split(rng.permutation(np.flatnonzero(labels == label)), count)
        for label in np.unique(labels)
    ]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


@mistake(
    "class_balanced_batches",
    says="You cut every class to the size of the smallest, and drop rows; each row has its place "
    "in a batch.",
)
def larger_classes_cut_down(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    classes = np.unique(labels)
    least = min(int((labels == label).sum()) for label in classes)
    kept = np.stack([rng.permutation(np.flatnonzero(labels == label))[:least] for label in classes])
    order = kept.T.ravel()
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


@mistake(
    "class_balanced_batches",
    says="You draw rows of small classes again and again; a partition has each row once.",
)
def smaller_classes_drawn_again(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    classes = np.unique(labels)
    batches = []
    for _ in range(-(-len(labels) // batch_size)):
        wanted = classes[np.arange(batch_size) % len(classes)]
        batches.append(np.array([rng.choice(np.flatnonzero(labels == label)) for label in wanted]))
    return batches


@mistake(
    "class_balanced_batches",
    says="You deal the rows of each class in the order in which they are stored, so each epoch "
    "has the same batches; the generator is to decide.",
)
def dealt_without_shuffling(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    count = -(-len(labels) // batch_size)
    order = np.argsort(labels, kind="stable")
    return [rng.permutation(order[first::count]) for first in range(count)]


@mistake(
    "class_balanced_batches",
    says="You return which labels are in the batches; asked for are the indices of their rows.",
)
def labels_for_indices(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    count = -(-len(labels) // batch_size)
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return [labels[order[first::count]] for first in range(count)]


@mistake(
    "class_balanced_batches",
    says="You take turns between the classes until the small ones run out, so that the last "
    "batches hold the large classes alone.",
)
def turns_until_the_small_run_out(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    waiting = [rng.permutation(np.flatnonzero(labels == k)).tolist() for k in np.unique(labels)]
    order: list[int] = []
    while any(waiting):
        order.extend(rows.pop() for rows in waiting if rows)
    return np.array_split(np.array(order), -(-len(labels) // batch_size))


@mistake(
    "class_balanced_batches",
    says="Where batch_size divides T, you make one batch more than are needed.",
)
def one_batch_too_many(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    count = len(labels) // batch_size + 1
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return [order[first::count] for first in range(count)]


@variant("class_balanced_batches")
def dealt_like_cards(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    count = -(-len(labels) // batch_size)
    piles: list[list[int]] = [[] for _ in range(count)]
    turn = 0
    for label in sorted(set(labels.tolist())):
        for row in rng.permutation(np.flatnonzero(labels == label)):
            piles[turn % count].append(int(row))
            turn += 1
    return [np.array(pile) for pile in piles]


@variant("class_balanced_batches")
def leftovers_into_the_emptiest_batches(
    labels: Array, batch_size: int, rng: Generator
) -> list[Array]:
    count = -(-len(labels) // batch_size)
    batches: list[list[int]] = [[] for _ in range(count)]
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label)).tolist()
        share = len(rows) // count
        for batch in batches:
            batch.extend(rows[:share])
            rows = rows[share:]
        for batch in sorted(batches, key=len)[: len(rows)]:
            batch.append(rows.pop())
    return [np.array(batch) for batch in batches]


@variant("class_balanced_batches")
def sorted_by_class_and_random_key(labels: Array, batch_size: int, rng: Generator) -> list[Array]:
    order = np.lexsort((rng.random(labels.size), labels))
    count = (labels.size + batch_size - 1) // batch_size
    number_of_batch = np.arange(labels.size) % count
    return [order[number_of_batch == k] for k in rng.permutation(count)]
