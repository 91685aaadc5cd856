"""Lab 04: answers to the statistics for inference, of many batches and running."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "population_statistics",
    says="Your variance is still the biased one of a batch, which is too small on average.",
)
def variance_left_biased(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    return means.mean(axis=0), variances.mean(axis=0)


@mistake(
    "population_statistics",
    says="Your correction makes the variance smaller still; it has to grow.",
)
def correction_inverted(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    return means.mean(axis=0), (batch_size - 1) / batch_size * variances.mean(axis=0)


@mistake("population_statistics", says="You correct the mean too; it is unbiased as it is.")
def mean_corrected_too(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    unbiased = batch_size / (batch_size - 1)
    return unbiased * means.mean(axis=0), unbiased * variances.mean(axis=0)


@mistake("population_statistics", says="You correct the mean, where the variance needs it.")
def mean_corrected_instead(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    return batch_size / (batch_size - 1) * means.mean(axis=0), variances.mean(axis=0)


@mistake(
    "population_statistics",
    says="Your correction counts the batches; what matters is the number of rows in each.",
)
def batches_counted(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    count = len(means)
    return means.mean(axis=0), variances.mean(axis=0) * (count / max(count - 1, 1))


@mistake(
    "population_statistics",
    says="Your variance is that of the batches' means, which says little about the inputs.",
)
def variance_of_the_means(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    return means.mean(axis=0), means.var(axis=0) * (batch_size / (batch_size - 1))


@mistake(
    "population_statistics",
    says="You add the spread of the batches' means to their variance; the correction covers it.",
)
def spread_of_the_means_added(
    means: Array, variances: Array, batch_size: int
) -> tuple[Array, Array]:
    unbiased = batch_size / (batch_size - 1)
    return means.mean(axis=0), unbiased * (variances.mean(axis=0) + means.var(axis=0))


@mistake("population_statistics", says="You sum over the batches where the mean is wanted.")
def statistics_summed(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    return means.sum(axis=0), batch_size / (batch_size - 1) * variances.sum(axis=0)


@mistake(
    "population_statistics", says="Your means run over the units of a batch, not over the batches."
)
def averaged_over_the_units(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    unbiased = batch_size / (batch_size - 1)
    return means.mean(axis=1), unbiased * variances.mean(axis=1)


@mistake("population_statistics", says="You take the statistics of the last batch alone.")
def last_batch_alone(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    return means[-1].copy(), batch_size / (batch_size - 1) * variances[-1]


@mistake("population_statistics", says="You return a standard deviation in place of the variance.")
def deviation_returned(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    unbiased = batch_size / (batch_size - 1)
    return means.mean(axis=0), np.sqrt(unbiased * variances.mean(axis=0))


@mistake("population_statistics", says="The mean and the variance have changed places.")
def mean_and_variance_exchanged(
    means: Array, variances: Array, batch_size: int
) -> tuple[Array, Array]:
    return batch_size / (batch_size - 1) * variances.mean(axis=0), means.mean(axis=0)


@mistake("population_statistics", says="Your statistics of float32 arrays are float64.")
def population_in_float64(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    unbiased = np.float64(batch_size / (batch_size - 1))
    return means.mean(axis=0), unbiased * variances.mean(axis=0)


@mistake(
    "population_statistics",
    says="Your results are right, but making them changes the caller's variances.",
)
def variances_corrected_in_place(
    means: Array, variances: Array, batch_size: int
) -> tuple[Array, Array]:
    variances *= batch_size / (batch_size - 1)
    return means.mean(axis=0), variances.mean(axis=0)


@variant("population_statistics")
def batch_by_batch(means: Array, variances: Array, batch_size: int) -> tuple[Array, Array]:
    mean, var = np.zeros_like(means[0]), np.zeros_like(variances[0])
    for k in range(len(means)):
        mean += (means[k] - mean) / (k + 1)
        var += (variances[k] * batch_size / (batch_size - 1) - var) / (k + 1)
    return mean, var


@variant("population_statistics")
def sums_of_squares_pooled(means: Array, variances: Array, batch_size: int) -> list[Array]:
    batches = means.shape[0]
    squares = np.sum(variances, axis=0) * batch_size
    return [np.sum(means, axis=0) / batches, squares / (batches * (batch_size - 1))]


@variant("population_statistics")
def by_einsum(
    means: Array, variances: Array, batch_size: int, correction: int = 1
) -> tuple[Array, Array]:
    weight = 1.0 / len(variances)
    biased = np.einsum("bm->m", variances) * weight
    return np.einsum("bm->m", means) * weight, biased / (1 - correction / batch_size)


@mistake("running_statistics", says="You have exchanged the shares: momentum is that of the new.")
def shares_exchanged(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = var * (batch_size / (batch_size - 1))
    return (
        momentum * running_mean + (1 - momentum) * mean,
        momentum * running_var + (1 - momentum) * unbiased,
    )


@mistake("running_statistics", says="Your running variance follows the biased one of the batches.")
def running_variance_biased(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    return (
        (1 - momentum) * running_mean + momentum * mean,
        (1 - momentum) * running_var + momentum * var,
    )


@mistake("running_statistics", says="Your correction makes the batch's variance smaller still.")
def running_correction_inverted(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = var * ((batch_size - 1) / batch_size)
    return (
        (1 - momentum) * running_mean + momentum * mean,
        (1 - momentum) * running_var + momentum * unbiased,
    )


@mistake("running_statistics", says="You correct the batch's mean too; it is unbiased as it is.")
def running_mean_corrected(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = batch_size / (batch_size - 1)
    return (
        (1 - momentum) * running_mean + momentum * unbiased * mean,
        (1 - momentum) * running_var + momentum * unbiased * var,
    )


@mistake(
    "running_statistics",
    says="You correct the running variance as well, at every batch anew; it has been already.",
)
def old_variance_corrected_again(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    blend = (1 - momentum) * running_var + momentum * var
    return (
        (1 - momentum) * running_mean + momentum * mean,
        blend * (batch_size / (batch_size - 1)),
    )


@mistake(
    "running_statistics",
    says="Yours are the statistics of what is normalized already: zero and one for every batch.",
)
def statistics_of_the_normalized(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = np.ones_like(var) * (batch_size / (batch_size - 1))
    return (
        (1 - momentum) * running_mean + momentum * np.zeros_like(mean),
        (1 - momentum) * running_var + momentum * unbiased,
    )


@mistake(
    "running_statistics", says="Your shares do not sum to one: the old keeps the whole of its."
)
def old_kept_whole(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = var * (batch_size / (batch_size - 1))
    return running_mean + momentum * mean, running_var + momentum * unbiased


@mistake(
    "running_statistics",
    says="You blend the new mean with the old variance, and the new variance with the old mean.",
)
def running_values_exchanged(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = var * (batch_size / (batch_size - 1))
    return (
        (1 - momentum) * running_var + momentum * mean,
        (1 - momentum) * running_mean + momentum * unbiased,
    )


@mistake("running_statistics", says="You blend standard deviations; it is variances that average.")
def deviations_blended(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    std = np.sqrt(var * (batch_size / (batch_size - 1)))
    return (
        (1 - momentum) * running_mean + momentum * mean,
        ((1 - momentum) * np.sqrt(running_var) + momentum * std) ** 2,
    )


@mistake("running_statistics", says="Where momentum is not given, yours is that of an optimizer.")
def momentum_of_an_optimizer(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.9,
) -> tuple[Array, Array]:
    unbiased = var * (batch_size / (batch_size - 1))
    return (
        (1 - momentum) * running_mean + momentum * mean,
        (1 - momentum) * running_var + momentum * unbiased,
    )


@mistake("running_statistics", says="Your statistics of float32 arrays are float64.")
def running_in_float64(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    new = np.float64(momentum)
    unbiased = var * (batch_size / (batch_size - 1))
    return (1 - new) * running_mean + new * mean, (1 - new) * running_var + new * unbiased


@mistake(
    "running_statistics",
    says="Your results are right, but the update changes the caller's own running_mean.",
)
def running_mean_moved_in_place(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    running_mean += momentum * (mean - running_mean)
    unbiased = var * (batch_size / (batch_size - 1))
    return running_mean, (1 - momentum) * running_var + momentum * unbiased


@variant("running_statistics")
def step_towards_the_new(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    unbiased = batch_size * var / (batch_size - 1)
    return (
        running_mean - momentum * (running_mean - mean),
        running_var - momentum * (running_var - unbiased),
    )


@variant("running_statistics")
def copies_moved_in_place(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
    unbiased: bool = True,
) -> list[Array]:
    new = [running_mean.copy(), running_var.copy()]
    correction = 1 / (1 - 1 / batch_size) if unbiased else 1.0
    for old, value in zip(new, (mean, correction * var), strict=True):
        old *= 1 - momentum
        old += momentum * value
    return new


@variant("running_statistics")
def unit_by_unit(
    running_mean: Array,
    running_var: Array,
    mean: Array,
    var: Array,
    batch_size: int,
    momentum: float = 0.1,
) -> tuple[Array, Array]:
    new_mean, new_var = np.empty_like(running_mean), np.empty_like(running_var)
    for m in range(len(mean)):
        new_mean[m] = running_mean[m] * (1 - momentum) + mean[m] * momentum
        squares = var[m] * batch_size
        new_var[m] = running_var[m] * (1 - momentum) + squares / (batch_size - 1) * momentum
    return new_mean, new_var
