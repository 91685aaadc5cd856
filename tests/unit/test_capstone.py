"""The reference recipe on easy images, quickly; on lab 09's data, slowly."""

from __future__ import annotations

import copy
import time

import numpy as np
import pytest
import torch

from dlcourse.capstone import train_recipe
from dlcourse.data import warped_digits

QUICK = {"seed": 0, "device": "cpu", "seconds": 30.0, "epochs": 4, "width": 4, "batch_size": 16}


def stripes(n, seed, channels=1, size=16):
    """Images whose class is the place of a bright stripe: rows in the one half, columns in it."""
    rng = np.random.default_rng(seed)
    images = 0.1 * rng.random((n, channels, size, size), dtype=np.float32)
    labels = rng.integers(3, size=n)
    images[labels == 1, :, :, 6:9] += 0.8
    images[labels == 2, :, 6:9] += 0.8
    return images, labels


def easy(channels=1, size=16):
    (x, y), (x_valid, y_valid) = stripes(160, 0, channels, size), stripes(60, 1, channels, size)
    return {"x_train": x, "y_train": y, "x_valid": x_valid, "y_valid": y_valid}


@pytest.fixture(scope="module")
def trained():
    data = easy()
    return data, *train_recipe(QUICK, data)


def test_it_learns_what_is_easy_to_see(trained):
    _, predict, history = trained
    images, labels = stripes(100, 2)
    assert (predict(images) == labels).mean() > 0.9
    assert history["train_loss"][-1] < history["train_loss"][0]


def test_history_has_a_finite_loss_and_an_accuracy_an_epoch(trained):
    _, _, history = trained
    assert set(history) == {"train_loss", "valid_accuracy"}
    assert len(history["train_loss"]) == len(history["valid_accuracy"]) == 4
    assert all(type(value) is float for values in history.values() for value in values)
    assert np.isfinite(history["train_loss"]).all()
    assert all(0 <= accuracy <= 1 for accuracy in history["valid_accuracy"])


def test_weights_are_those_of_the_best_epoch(trained):
    data, predict, history = trained
    accuracy = (predict(data["x_valid"]) == data["y_valid"]).mean()
    assert accuracy == max(history["valid_accuracy"])


def test_labels_are_integers_and_the_same_alone_and_in_any_batch(trained):
    data, predict, _ = trained
    labels = predict(data["x_valid"])
    assert (labels.shape, labels.dtype) == ((60,), np.int64)
    assert predict(data["x_valid"][::-1])[::-1].tolist() == labels.tolist()
    alone = [predict(data["x_valid"][i : i + 1]).item() for i in range(20)]
    assert alone == labels[:20].tolist()


def test_more_images_than_fit_in_one_pass_keep_their_order(trained):
    data, predict, _ = trained
    many = np.concatenate([data["x_valid"]] * 40)
    assert predict(many).tolist() == predict(data["x_valid"]).tolist() * 40


def test_data_config_and_torchs_own_generator_stay_as_they_are():
    data, config, state = easy(), dict(QUICK), torch.get_rng_state()
    before = copy.deepcopy(data)
    train_recipe(config, data)
    assert config == QUICK
    assert all(np.array_equal(before[name], data[name]) for name in before)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_same_seed_gives_the_same_history_and_another_seed_another():
    config, data = QUICK | {"epochs": 2}, easy()
    first, again, other = (train_recipe(config | {"seed": seed}, data)[1] for seed in (3, 3, 4))
    assert first == again
    assert first["train_loss"] != other["train_loss"]


def test_training_ends_when_its_time_is_over_however_many_epochs_there_are():
    started = time.perf_counter()
    _, history = train_recipe(QUICK | {"seconds": 1.0, "epochs": 100_000}, easy())
    assert time.perf_counter() - started < 3  # of which two are for a busy machine
    assert len(history["train_loss"]) > 1


def test_no_time_at_all_still_gives_a_network_and_an_epoch():
    predict, history = train_recipe(QUICK | {"seconds": 1e-6}, easy())
    assert len(history["train_loss"]) == len(history["valid_accuracy"]) == 1
    assert predict(stripes(5, 3)[0]).shape == (5,)


def test_colour_images_of_another_size_need_no_change():
    data = easy(channels=3, size=28)
    predict, _ = train_recipe(QUICK | {"epochs": 1}, data)
    assert predict(data["x_valid"]).shape == (60,)


def digits_of_lab_09(seed):
    x, y = warped_digits(2500, 16, seed, rows=slice(0, 1200))
    data = {"x_train": x[:2000], "y_train": y[:2000], "x_valid": x[2000:], "y_valid": y[2000:]}
    return data, warped_digits(1000, 16, seed + 1000, rows=slice(1200, None))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_digits_of_other_writers_are_read_well_above_the_highest_threshold(seed):
    data, (images, labels) = digits_of_lab_09(seed)
    predict, _ = train_recipe({"seed": seed, "device": "cpu", "seconds": 90.0}, data)
    assert (predict(images) == labels).mean() > 0.95


@pytest.mark.gpu
def test_on_a_gpu_it_runs_without_a_change():
    data, (images, labels) = digits_of_lab_09(0)
    state = torch.cuda.get_rng_state()
    predict, _ = train_recipe({"seed": 0, "device": "cuda", "seconds": 20.0}, data)
    assert (predict(images) == labels).mean() > 0.95
    assert torch.equal(torch.cuda.get_rng_state(), state)
