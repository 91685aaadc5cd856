"""Lab 00: answers to maxout, forward and backward."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("maxout", says="You take the smallest piece of each unit.")
def smallest_piece(z: Array) -> tuple[Array, Array]:
    return z.min(axis=-1), z.argmin(axis=-1)


@mistake("maxout", says="You compare the units of a row; the pieces of one unit compete.")
def units_compete(z: Array) -> tuple[Array, Array]:
    return z.max(axis=1), z.argmax(axis=1)


@mistake("maxout", says="You compare the rows of the batch with each other.")
def rows_compete(z: Array) -> tuple[Array, Array]:
    return z.max(axis=0), z.argmax(axis=0)


@mistake("maxout", says="You have one winner in the whole array; every unit of every row has one.")
def one_winner_for_all(z: Array) -> tuple[Array, Array]:
    return z.max(axis=-1), z.argmax()


@mistake("maxout", says="Your winners count from one; they are to serve as indices.")
def winners_from_one(z: Array) -> tuple[Array, Array]:
    return z.max(axis=-1), z.argmax(axis=-1) + 1


@mistake("maxout", says="The two results have changed places: the maximum comes first.")
def winner_first(z: Array) -> tuple[Array, Array]:
    return z.argmax(axis=-1), z.max(axis=-1)


@mistake("maxout", says="You cut negative maxima off at zero; maxout does not.")
def maximum_rectified(z: Array) -> tuple[Array, Array]:
    return np.maximum(z.max(axis=-1), 0), z.argmax(axis=-1)


@mistake("maxout", says="You look at how large pieces are, regardless of sign.")
def largest_magnitude(z: Array) -> tuple[Array, Array]:
    winner = np.abs(z).argmax(axis=-1)
    return np.take_along_axis(z, winner[..., None], axis=-1)[..., 0], winner


@mistake("maxout", says="You average the pieces; the largest is wanted.")
def mean_of_the_pieces(z: Array) -> tuple[Array, Array]:
    return z.mean(axis=-1), z.argmax(axis=-1)


@mistake("maxout", says="Your winners are marks at every piece, not one index a unit.")
def winners_as_marks(z: Array) -> tuple[Array, Array]:
    y = z.max(axis=-1)
    return y, (z == y[..., None]).astype(int)


@mistake("maxout", says="Your winners are floats; indices are integers.")
def winners_as_floats(z: Array) -> tuple[Array, Array]:
    return z.max(axis=-1), z.argmax(axis=-1).astype(z.dtype)


@mistake("maxout", says="Your maxima are float64 even where z is float32.")
def maxima_in_float64(z: Array) -> tuple[Array, Array]:
    y = np.zeros(z.shape[:2])
    for k in range(z.shape[2]):
        y = z[:, :, k] + np.zeros(y.shape) if k == 0 else np.maximum(y, z[:, :, k])
    return y, z.argmax(axis=-1)


@mistake("maxout", says="You sort the pieces where they are, which changes the caller's z.")
def pieces_sorted_in_place(z: Array) -> tuple[Array, Array]:
    winner = z.argmax(axis=-1)
    z.sort(axis=-1)
    return z[..., -1].copy(), winner


@variant("maxout")
def taken_along_the_axis(z: Array) -> tuple[Array, Array]:
    winner = np.argmax(z, axis=2)
    return np.take_along_axis(z, winner[:, :, np.newaxis], axis=2).squeeze(axis=2), winner


@variant("maxout")
def best_piece_so_far(z: Array) -> list[Array]:
    y = z[:, :, 0].copy()
    winner = np.zeros(y.shape, dtype=np.int32)
    for k in range(1, z.shape[2]):
        better = z[:, :, k] > y
        y[better], winner[better] = z[:, :, k][better], k
    return [y, winner]


@variant("maxout")
def last_after_sorting(z: Array, axis: int = -1) -> tuple[Array, Array]:
    return np.sort(z, axis=axis)[..., -1], np.argsort(z, axis=axis)[..., -1]


@variant("maxout")
def unit_by_unit(z: Array) -> tuple[Array, Array]:
    lists = [[unit.tolist() for unit in row] for row in z]
    winner = np.array([[unit.index(max(unit)) for unit in row] for row in lists])
    return np.array([[max(unit) for unit in row] for row in lists], dtype=z.dtype), winner


@mistake("maxout_backward", says="Every piece gets the derivative; only the winner has had effect.")
def derivative_to_every_piece(dy: Array, winner: Array, pieces: int) -> Array:
    return np.repeat(dy[..., None], pieces, axis=-1)


@mistake("maxout_backward", says="You share the derivative out among all pieces of a unit.")
def derivative_shared_out(dy: Array, winner: Array, pieces: int) -> Array:
    return np.repeat(dy[..., None], pieces, axis=-1) / pieces


@mistake(
    "maxout_backward", says="The derivative goes to the piece after the winner: count from zero."
)
def piece_after_the_winner(dy: Array, winner: Array, pieces: int) -> Array:
    return np.where((winner[..., None] + 1) % max(pieces, 2) == np.arange(pieces), dy[..., None], 0)


@mistake("maxout_backward", says="The losers get the derivative in yours.")
def derivative_to_the_losers(dy: Array, winner: Array, pieces: int) -> Array:
    return np.where(winner[..., None] == np.arange(pieces), 0, dy[..., None])


@mistake("maxout_backward", says="You mark the winners, but their derivative is missing.")
def marks_without_dy(dy: Array, winner: Array, pieces: int) -> Array:
    return (winner[..., None] == np.arange(pieces)).astype(dy.dtype)


@mistake(
    "maxout_backward",
    says="You take the number of pieces from the winners; a piece may never win and still counts.",
)
def pieces_counted_from_winners(dy: Array, winner: Array, pieces: int) -> Array:
    return np.where(winner[..., None] == np.arange(winner.max() + 1), dy[..., None], 0)


@mistake(
    "maxout_backward",
    says="Your index picks the winners of all units for every unit: row, unit and piece have to "
    "be picked together.",
)
def winners_of_all_units(dy: Array, winner: Array, pieces: int) -> Array:
    dz = np.zeros((*dy.shape, pieces), dtype=dy.dtype)
    for n in range(dy.shape[0]):
        dz[n][:, winner[n]] = dy[n]
    return dz


@mistake("maxout_backward", says="Your pieces come before the rows; they belong on the last axis.")
def pieces_on_the_first_axis(dy: Array, winner: Array, pieces: int) -> Array:
    return np.stack([np.where(winner == k, dy, 0) for k in range(pieces)])


@mistake("maxout_backward", says="You fill an array of float64, whatever dy is.")
def derivatives_in_float64(dy: Array, winner: Array, pieces: int) -> Array:
    dz = np.zeros((*dy.shape, pieces))
    np.put_along_axis(dz, winner[..., None], dy[..., None], axis=-1)
    return dz


@mistake(
    "maxout_backward",
    says="You turn the winners into places of the flat array where they are: that changes the "
    "caller's array.",
)
def winners_made_flat_in_place(dy: Array, winner: Array, pieces: int) -> Array:
    winner += pieces * np.arange(winner.size).reshape(winner.shape)
    dz = np.zeros(dy.size * pieces, dtype=dy.dtype)
    dz[winner.ravel()] = dy.ravel()
    return dz.reshape(*dy.shape, pieces)


@variant("maxout_backward")
def put_along_the_axis(dy: Array, winner: Array, pieces: int) -> Array:
    dz = np.zeros((*dy.shape, pieces), dtype=dy.dtype)
    np.put_along_axis(dz, winner[..., None], dy[..., None], axis=-1)
    return dz


@variant("maxout_backward")
def rows_of_the_identity(dy: Array, winner: Array, pieces: int) -> Array:
    return np.eye(pieces, dtype=dy.dtype)[winner] * dy[:, :, None]


@variant("maxout_backward")
def grid_of_indices(dy: Array, winner: Array, pieces: int, fill: float = 0.0) -> Array:
    n, m = np.indices(winner.shape)
    dz = np.full((*dy.shape, pieces), fill, dtype=dy.dtype)
    dz[n, m, winner] = dy
    return dz


@variant("maxout_backward")
def piece_by_piece(dy: Array, winner: Array, pieces: int) -> Array:
    return np.stack([dy * (winner == k) for k in range(pieces)], axis=-1)
