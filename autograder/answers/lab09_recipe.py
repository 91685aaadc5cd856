"""Lab 09: answers to the capstone; the mistakes train a small network for a second or two."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from autograder.answers import mistake, variant
from dlcourse.backend import Array
from dlcourse.recipe import Config


@mistake(
    "train_recipe",
    says="Your network ends in a softmax, and the loss applies another: it wants raw scores.",
)
def softmax_twice(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    x, y = torch.from_numpy(data["x_train"]), torch.from_numpy(data["y_train"])
    layers = [nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10), nn.Softmax(dim=1)]
    net = nn.Sequential(*layers)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    for _ in range(8):
        losses = []
        order: Any = torch.randperm(len(x))
        for rows in order.split(50):
            loss: Any = F.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train_loss"].append(float(np.mean(losses)))
        right = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@mistake(
    "train_recipe",
    says="You predict in training mode: dropout still strikes, and batchnorm looks at the batch.",
)
def training_mode_in_predict(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    x, y = torch.from_numpy(data["x_train"]), torch.from_numpy(data["y_train"])
    layers = [nn.Flatten(), nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.4)]
    net = nn.Sequential(*layers, nn.Linear(128, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    for _ in range(8):
        losses = []
        order: Any = torch.randperm(len(x))
        for rows in order.split(50):
            loss: Any = F.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train_loss"].append(float(np.mean(losses)))
        right = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@mistake(
    "train_recipe",
    says="You shuffle the images and not their labels with them: each has some other's label.",
)
def labels_left_unshuffled(config: Config, data: dict[str, Any]) -> Any:
    rng = np.random.default_rng(config["seed"])
    torch.manual_seed(config["seed"])
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    for _ in range(4):
        losses = []
        x = torch.from_numpy(rng.permutation(data["x_train"]))
        y = torch.from_numpy(data["y_train"])
        for start in range(0, len(x), 50):
            batch = slice(start, start + 50)
            loss: Any = F.cross_entropy(net(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train_loss"].append(float(np.mean(losses)))
        right = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@mistake(
    "train_recipe",
    says="You return the scores of all classes; the label of the highest is asked for.",
)
def scores_for_labels(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    x, y = torch.from_numpy(data["x_train"]), torch.from_numpy(data["y_train"])
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).numpy()

    for _ in range(4):
        losses = []
        order: Any = torch.randperm(len(x))
        for rows in order.split(50):
            loss: Any = F.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train_loss"].append(float(np.mean(losses)))
        right = predict(data["x_valid"]).argmax(axis=1) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@mistake(
    "train_recipe",
    says="Your learning rate is a hundred times too small: the loss has hardly begun to fall.",
)
def rate_off_by_a_hundred(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    x, y = torch.from_numpy(data["x_train"]), torch.from_numpy(data["y_train"])
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-5)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    for _ in range(8):
        losses = []
        order: Any = torch.randperm(len(x))
        for rows in order.split(50):
            loss: Any = F.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train_loss"].append(float(np.mean(losses)))
        right = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@mistake(
    "train_recipe",
    says="You never set the gradients to zero, so that each update follows the sum of all before.",
)
def gradients_never_zeroed(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    x, y = torch.from_numpy(data["x_train"]), torch.from_numpy(data["y_train"])
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    for _ in range(8):
        losses = []
        order: Any = torch.randperm(len(x))
        for rows in order.split(50):
            loss: Any = F.cross_entropy(net(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train_loss"].append(float(np.mean(losses)))
        right = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@mistake(
    "train_recipe",
    says="Your loop over the batches never runs, so no update is ever made.",
)
def trained_on_nothing(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    x, y = torch.from_numpy(data["x_train"]), torch.from_numpy(data["y_train"])
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    for _ in range(4):
        for start in range(len(x) // 5000):
            loss: Any = F.cross_entropy(net(x[start : start + 50]), y[start : start + 50])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        history["train_loss"].append(float(F.cross_entropy(net(x), y).item()))
        right = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(float(np.mean(right)))
    return predict, history


@variant("train_recipe")
def momentum_and_cosine(config: Config, data: dict[str, Any]) -> Any:
    torch.manual_seed(config["seed"])
    started, device = time.monotonic(), config["device"]
    x = torch.tensor(data["x_train"], device=device)
    y = torch.tensor(data["y_train"], device=device)
    stages: list[nn.Module] = []
    for fan_in, fan_out in [(1, 16), (16, 32), (32, 32)]:
        stages += [nn.Conv2d(fan_in, fan_out, 3, padding="same"), nn.BatchNorm2d(fan_out)]
        stages += [nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*stages, nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, 10)).to(device)
    optimizer = torch.optim.SGD(
        net.parameters(), lr=config.get("lr", 0.1), momentum=0.9, nesterov=True, weight_decay=1e-3
    )
    epochs = 24
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    history: dict[str, list[float]] = {"train_loss": [], "valid_accuracy": []}

    def predict(images: Array) -> Array:
        net.eval()
        with torch.no_grad():
            return net(torch.tensor(images, device=device)).argmax(dim=1).cpu().numpy()

    for _ in range(epochs):
        net.train()
        losses = []
        order: Any = torch.randperm(len(x), device=device)
        for rows in order.split(50):
            padded: Any = F.pad(x[rows], (2, 2, 2, 2))
            top, left = torch.randint(5, (2, len(rows)), device=device)
            places = padded.unfold(2, 16, 1).unfold(3, 16, 1)
            images = places[torch.arange(len(rows), device=device), :, top, left]
            loss: Any = F.cross_entropy(net(images), y[rows])
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        scheduler.step()
        history["train_loss"].append(sum(losses) / len(losses))
        hits = predict(data["x_valid"]) == data["y_valid"]
        history["valid_accuracy"].append(hits.mean())
        if time.monotonic() - started > 0.8 * config["seconds"]:
            break
    return predict, history


@variant("train_recipe")
def filters_by_hand_and_averaged(config: Config, data: dict[str, Any]) -> Any:
    rng = np.random.default_rng(config["seed"])
    started, w = time.monotonic(), 16
    shapes = [(w, 1, 3, 3), (2 * w, w, 3, 3), (2 * w, 2 * w, 3, 3), (10, 8 * w)]
    params = [
        torch.tensor(rng.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape)).float()
        for shape in shapes
    ]
    params += [torch.ones(w), torch.zeros(w), torch.ones(2 * w), torch.zeros(2 * w)]
    params += [torch.ones(2 * w), torch.zeros(2 * w)]
    for param in params:
        param.requires_grad_()
    average = [param.detach().clone() for param in params]
    optimizer = torch.optim.Adam(params, lr=6e-3)

    def scores(x: Any, p: Any) -> Any:
        for k in range(3):
            x = F.conv2d(x, p[k], padding=1)
            x = F.group_norm(x, 4, p[4 + 2 * k], p[5 + 2 * k])
            x = F.max_pool2d(F.relu(x), 2)
        return x.flatten(1) @ p[3].T

    def predict(images: Array) -> Array:
        with torch.no_grad():
            return np.argmax(scores(torch.tensor(images), average).numpy(), axis=1)

    loss_curve, accuracy_curve, epochs = [], [], 24
    padded = np.pad(data["x_train"], ((0, 0), (0, 0), (2, 2), (2, 2)))
    places = np.lib.stride_tricks.sliding_window_view(padded, (16, 16), axis=(2, 3))
    for epoch in range(epochs):
        total = 0.0
        optimizer.param_groups[0]["lr"] = 6e-3 * (1 - epoch / epochs)
        for rows in np.array_split(rng.permutation(len(places)), 32):
            top, left = rng.integers(0, 5, size=(2, len(rows)))
            x = torch.tensor(places[rows, :, top, left])
            loss: Any = F.cross_entropy(scores(x, params), torch.tensor(data["y_train"][rows]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
            with torch.no_grad():
                for mean, param in zip(average, params, strict=True):
                    mean.lerp_(param, 0.05)
        loss_curve.append(total / len(places))
        accuracy_curve.append(float(np.mean(predict(data["x_valid"]) == data["y_valid"])))
        if time.monotonic() - started > 0.8 * config["seconds"]:
            break
    return predict, {"train_loss": loss_curve, "valid_accuracy": accuracy_curve}


@variant("train_recipe")
def wide_filters_and_soft_labels(
    config: Config, data: dict[str, Any], epochs: int = 24, verbose: bool = True
) -> Any:
    torch.manual_seed(config["seed"])
    deadline = time.monotonic() + 0.8 * config["seconds"]
    x, y = torch.as_tensor(data["x_train"]) - 0.3, torch.as_tensor(data["y_train"])
    net = nn.Sequential(
        *(nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ELU()),
        *(nn.Conv2d(16, 48, 3, padding=1), nn.BatchNorm2d(48), nn.ELU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(48, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ELU(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.4), nn.Linear(256, 10)),
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=0.1)
    steps = epochs * math.ceil(len(x) / 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=steps)
    history: dict[str, Any] = {"train_loss": [], "valid_accuracy": [], "epochs": epochs}

    def predict(images: Array) -> Array:
        net.eval()
        with torch.inference_mode():
            labels = net(torch.as_tensor(images) - 0.3).max(dim=1).indices
        net.train()
        return labels.numpy().astype(np.int32)

    for epoch in range(epochs):
        total = torch.zeros(())
        order: Any = torch.randperm(len(x))
        for rows in order.split(64):
            padded = F.pad(x[rows], (2, 2, 2, 2), value=-0.3)
            top, left = (int(corner) for corner in torch.randint(5, (2,)))
            images = padded[:, :, top : top + 16, left : left + 16]
            loss: Any = F.cross_entropy(net(images), y[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total = total + loss.detach() * len(rows)
        history["train_loss"].append(np.float32(total / len(x)))
        history["valid_accuracy"].append(np.mean(predict(data["x_valid"]) == data["y_valid"]))
        if verbose:
            print(epoch, history["train_loss"][-1], history["valid_accuracy"][-1])
        if time.monotonic() > deadline:
            break
    return predict, history
