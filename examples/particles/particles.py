"""Particles that repel each other: a graph network learns it, and its modules become laws.

python examples/particles/particles.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick import SymbolicRegressor, compile_text, distill_modules
from symtick.modules.distilling import DistilledModules

Floats = npt.NDArray[np.float64]
PARTICLES, NEAREST, DRAG = 4, 0.16, 0.3  # square of the least distance
WIDTH, SPARSE = 32, 1e-3  # of hidden layers; weight of the messages' sizes in the loss


def motion(samples: int, seed: int = 0) -> tuple[Floats, Floats]:
    """States (samples, particles, 4) of x, y, vx, vy and accelerations (samples, particles, 2).

    Each particle is pushed from each other by 1/distance, and slowed by 0.3 times its velocity. No
    two are nearer than 0.4.
    """
    rng = np.random.default_rng(seed)
    places = rng.uniform(-1.5, 1.5, (4 * samples, PARTICLES, 2))
    away = places[:, None, :, :] - places[:, :, None, :]  # from i to j at [i, j]
    squares = (away**2).sum(-1) + np.eye(PARTICLES) * NEAREST
    apart = squares.min(axis=(1, 2)) >= NEAREST
    places, away, squares = places[apart][:samples], away[apart][:samples], squares[apart][:samples]
    forces = (-away / squares[..., None]).sum(axis=2)
    speeds = rng.uniform(-1.0, 1.0, places.shape)
    return np.concatenate([places, speeds], axis=-1), forces - DRAG * speeds


class Interactions(nn.Module):
    """A message for each pair, their sum over the others, and a node network on it."""

    def __init__(self) -> None:
        super().__init__()
        self.message = perceptron(3, 2)  # as many components as a force has
        self.node = perceptron(4, 2)

    def messages(self, states: torch.Tensor) -> torch.Tensor:
        """What each particle gets from each other, (samples, particles, others, 2)."""
        places = states[..., :2]
        away = places[:, None, :, :] - places[:, :, None, :]
        others = ~torch.eye(states.shape[1], dtype=torch.bool)
        pairs = away[:, others].reshape(len(states), states.shape[1], -1, 2)
        squares = pairs.square().sum(dim=-1, keepdim=True)
        made: torch.Tensor = self.message(torch.cat([pairs, squares], dim=-1))
        return made

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Accelerations of all particles."""
        pushed = self.messages(states).sum(dim=2)
        made: torch.Tensor = self.node(torch.cat([pushed, states[..., 2:]], dim=-1))
        return made


def perceptron(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Linear(inputs, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU(),
        nn.Linear(WIDTH, outputs),
    )  # fmt: skip


def trained(states: torch.Tensor, goal: torch.Tensor, epochs: int, seed: int = 0) -> Interactions:
    """The network, trained with small messages preferred, so that they are forces."""
    torch.manual_seed(seed)
    network = Interactions()
    steps = epochs * -(-len(states) // 128)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(states)), 128):
            optimiser.zero_grad()
            sizes = network.messages(states[rows]).abs().mean()
            loss = nn.functional.mse_loss(network(states[rows]), goal[rows]) + SPARSE * sizes
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return network


def distilled(
    network: Interactions, states: torch.Tensor, goal: torch.Tensor, evaluations: int
) -> DistilledModules:
    """The two modules as formulas, the message first."""
    return distill_modules(
        network, states, goal,
        modules=["message", "node"],
        regressor=SymbolicRegressor(max_nodes=12, evaluations=evaluations, domain="box"),
        names={"message": ["dx", "dy", "r2"], "node": ["fx", "fy", "vx", "vy"]},
        epochs=30, learning_rate=5e-3, tell=print,
    )  # fmt: skip


def of_one_particle(particles: int = PARTICLES) -> str:
    """Formulas of the acceleration of particle 0, over the places of all and its velocity.

    Squared distances are kept above those of the data, where the hardware's words can go below.
    """
    lines, others = list[str](), range(1, particles)
    for j in others:
        lines += [f"dx{j} = x{j} - x0", f"dy{j} = y{j} - y0"]
        lines.append(f"r{j} = max(square(dx{j}) + square(dy{j}), {NEAREST})")
    for c in range(2):
        messages = [f"message_{c}(dx{j}, dy{j}, r{j})" for j in others]
        lines.append(f"f{c} = {' + '.join(messages)}")
    lines += [f"a{axis} = node_{c}(f0, f1, vx, vy)" for c, axis in enumerate("xy")]
    return "\n".join(lines)


def inputs_of(particles: int = PARTICLES) -> list[str]:
    """Names of what these formulas read."""
    return [f"{axis}{k}" for k in range(particles) for axis in "xy"] + ["vx", "vy"]


def main(folder: Path = Path("particles")) -> None:
    """Train, distil, print, and compile the acceleration of one particle."""
    states, goal = (torch.tensor(a, dtype=torch.float32) for a in motion(2000))
    network = trained(states, goal, epochs=60)
    found = distilled(network, states, goal, evaluations=200_000)
    for name, module in found.modules.items():
        print(name, module.expression, "r2:", *(f"{r:.5f}" for r in module.r2))
    print("losses:", *(f"{value:.3g}" for value in found.losses))
    law = found.composed(of_one_particle(), inputs_of())
    compile_text(law.text, ["fixed<10,3>"], folder=folder, name="particles")


if __name__ == "__main__":
    main(*(Path(a) for a in sys.argv[1:2]))
