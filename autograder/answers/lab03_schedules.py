"""Lab 03: answers to the schedules that know nothing of the loss."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant


@mistake("step_decay", says="Your cuts come an epoch too early: epochs count from 0.")
def one_epoch_early(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor ** ((epoch + 1) // every)


@mistake("step_decay", says="Your cuts come an epoch too late: epochs count from 0.")
def one_epoch_late(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor ** (max(epoch - 1, 0) // every)


@mistake(
    "step_decay", says="Your rate falls a little in every epoch; it should stay between two cuts."
)
def falls_in_every_epoch(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return float(lr0 * factor ** (epoch / every))


@mistake("step_decay", says="You round the number of cuts, so that each comes half a period early.")
def number_of_cuts_rounded(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor ** round(epoch / every)


@mistake(
    "step_decay",
    says="You count a cut as soon as its period begins; it comes when the period is over.",
)
def number_of_cuts_rounded_up(
    epoch: int, lr0: float, factor: float = 0.5, every: int = 10
) -> float:
    return lr0 * factor ** math.ceil(epoch / every)


@mistake("step_decay", says="Your rate is cut once and never again.")
def cut_only_once(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor if epoch >= every else lr0


@mistake(
    "step_decay", says="Your rate is cut in single epochs and then back where it was; a cut lasts."
)
def cut_for_single_epochs(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor if epoch and epoch % every == 0 else lr0


@mistake(
    "step_decay",
    says="You multiply by the number of cuts; the factor comes in once for each of them.",
)
def multiplied_by_the_number(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    cuts = epoch // every
    return lr0 * factor * cuts if cuts else lr0


@mistake(
    "step_decay", says="Your cuts all take the same amount away; each should leave the same part."
)
def falls_by_equal_amounts(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * max(1 - (1 - factor) * (epoch // every), 1e-9)


@mistake("step_decay", says="Your rate grows: the factor is what a cut leaves.")
def divided_by_factor(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 / factor ** (epoch // every)


@mistake(
    "step_decay",
    says="You take the factor to be the part that is lost; it is the part that is left.",
)
def factor_as_loss(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * (1 - factor) ** (epoch // every)


@mistake(
    "step_decay", says="Your rate is always halved; the factor that is handed in has no effect."
)
def factor_fixed(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * 0.5 ** (epoch // every)


@mistake("step_decay", says="Your cuts come every ten epochs, whatever is handed in.")
def period_fixed(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor ** (epoch // 10)


@mistake("step_decay", says="Your rate is cut in every epoch.")
def period_ignored(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor**epoch


@mistake(
    "step_decay", says="You use what is left over by the division, not how often the period fits."
)
def rest_for_quotient(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor ** (epoch % every)


@mistake("step_decay", says="Your factor differs from the one asked for unless it is given.")
def another_factor(epoch: int, lr0: float, factor: float = 0.1, every: int = 10) -> float:
    return lr0 * factor ** (epoch // every)


@mistake("step_decay", says="Your period differs from the one asked for unless it is given.")
def another_period(epoch: int, lr0: float, factor: float = 0.5, every: int = 30) -> float:
    return lr0 * factor ** (epoch // every)


@mistake("step_decay", says="Your rate is rounded down to a whole number.")
def whole_rates(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    return lr0 * factor ** (epoch // every) // 1


@variant("step_decay")
def cuts_counted(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    rate = lr0
    for past in range(1, epoch + 1):
        if past % every == 0:
            rate = rate * factor
    return rate


@variant("step_decay")
def called_for_an_earlier_epoch(
    epoch: int, lr0: float, factor: float = 0.5, every: int = 10
) -> float:
    if epoch < every:
        return lr0
    return factor * called_for_an_earlier_epoch(epoch - every, lr0, factor, every)


@variant("step_decay")
def numpys_powers(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    cuts = np.floor_divide(epoch, every)
    return float(np.multiply(lr0, np.power(float(factor), cuts)))


@variant("step_decay")
def logarithms(
    epoch: int, lr0: float, factor: float = 0.5, every: int = 10, verbose: bool = True
) -> float:
    rate = math.exp(math.log(lr0) + int(epoch / every) * math.log(factor))
    if verbose:
        print(epoch, rate)
    return rate


@mistake(
    "exponential_decay",
    says="Your rate halves with the unit of time: the base of the power is not 2.",
)
def base_two(epoch: int, lr0: float, rate: float) -> float:
    return float(lr0 * 2 ** (-rate * epoch))


@mistake(
    "exponential_decay",
    says="Your rate falls to a tenth with the unit of time: the base of the power is not 10.",
)
def base_ten(epoch: int, lr0: float, rate: float) -> float:
    return float(lr0 * 10 ** (-rate * epoch))


@mistake(
    "exponential_decay",
    says="The rate of decay stands beside your exponential; it belongs in the exponent.",
)
def rate_beside_the_exponential(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * rate * math.exp(-epoch)


@mistake(
    "exponential_decay",
    says="You divide the epoch by the rate of decay, so that a higher one makes it slower.",
)
def divided_by_rate(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(-epoch / max(rate, 1e-9))


@mistake("exponential_decay", says="Your rate grows with the epochs.")
def growing(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(rate * epoch)


@mistake(
    "exponential_decay",
    says="You let a part of the rate go in every epoch; that is near the exponential only while "
    "the part is small.",
)
def one_minus_rate(epoch: int, lr0: float, rate: float) -> float:
    return float(lr0 * abs(1 - rate) ** epoch)


@mistake("exponential_decay", says="You use the rate of decay itself as the base of the power.")
def power_of_rate(epoch: int, lr0: float, rate: float) -> float:
    return float(lr0 * rate**epoch)


@mistake("exponential_decay", says="Your rate falls as one over the epoch, not exponentially.")
def one_over(epoch: int, lr0: float, rate: float) -> float:
    return lr0 / (1 + rate * epoch)


@mistake("exponential_decay", says="Your rate is an epoch ahead: in epoch 0 it is the initial one.")
def first_epoch_decayed(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(-rate * (epoch + 1))


@mistake("exponential_decay", says="Your rate is an epoch behind: epochs count from 0.")
def second_epoch_undecayed(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(-rate * max(epoch - 1, 0))


@mistake("exponential_decay", says="Your initial rate got into the exponent.")
def initial_rate_in_the_exponent(epoch: int, lr0: float, rate: float) -> float:
    return math.exp(-lr0 * rate * epoch)


@mistake(
    "exponential_decay", says="Your initial rate is in the exponent, too; it is a factor only."
)
def initial_rate_in_both(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(-lr0 * rate * epoch)


@mistake("exponential_decay", says="Your rates all begin at one: the initial rate is missing.")
def initial_rate_forgotten(epoch: int, lr0: float, rate: float) -> float:
    return math.exp(-rate * epoch)


@mistake("exponential_decay", says="Your rate is the same in every epoch.")
def epoch_forgotten(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(-rate)


@mistake("exponential_decay", says="Your rate falls as a bell curve does: the epoch is squared.")
def epoch_squared(epoch: int, lr0: float, rate: float) -> float:
    return lr0 * math.exp(-rate * epoch**2)


@variant("exponential_decay")
def power_of_e(epoch: int, lr0: float, rate: float) -> float:
    return float(lr0 * math.e ** (-rate * epoch))


@variant("exponential_decay")
def one_epoch_after_another(epoch: int, lr0: float, rate: float) -> float:
    kept = math.exp(-rate)
    for _ in range(epoch):
        lr0 = lr0 * kept
    return lr0


@variant("exponential_decay")
def divided_by_growth(epoch: int, lr0: float, rate: float, verbose: bool = True) -> float:
    value = lr0 / np.exp(rate * epoch)
    if verbose:
        print(epoch, value)
    return float(value)


@variant("exponential_decay")
def rate_of_two_halves(epoch: int, lr0: float, rate: float) -> float:
    half = math.exp(-0.5 * epoch * rate)
    return float(np.prod([half, lr0, half]))
