"""A small convolutional network on images that are drawn and augmented as they are asked for."""
import json

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Shapes(Dataset):
    """Squares and crosses on noise; each look at an image shifts it by an unseeded draw."""

    def __init__(self, count):
        self.labels = torch.randint(0, 2, (count,))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        rng = np.random.default_rng()
        image = rng.normal(0, 0.3, (1, 16, 16)).astype("float32")
        row, column = rng.integers(3, 12, 2)
        if self.labels[index]:
            image[0, row - 2 : row + 3, column - 2 : column + 3] += 1
        else:
            image[0, row, column - 3 : column + 4] += 1
            image[0, row - 3 : row + 4, column] += 1
        return torch.from_numpy(image), self.labels[index]


if __name__ == "__main__":
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(16 * 25, 2),
    )
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    loader = DataLoader(Shapes(512), batch_size=64, shuffle=True, num_workers=2)
    history = []
    for epoch in range(3):
        total, right = 0.0, 0
        for images, labels in loader:
            optimiser.zero_grad()
            output = network(images)
            loss = nn.functional.cross_entropy(output, labels)
            loss.backward()
            optimiser.step()
            total += loss.item() * len(labels)
            right += (output.argmax(1) == labels).sum().item()
        history.append({"epoch": epoch, "loss": total / 512, "accuracy": right / 512})
        print(history[-1])
    torch.save(network.state_dict(), "network.pt")
    with open("history.json", "w") as stream:
        json.dump(history, stream)
