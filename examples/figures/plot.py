"""Draws noisy curves to three formats, and shows a histogram."""
import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 10, 200)
figure, axes = plt.subplots()
for label in ("first", "second", "third"):
    axes.plot(x, np.sin(x) + np.random.normal(0, 0.2, 200), label=label)
axes.legend()
for suffix in ("png", "pdf", "svg"):
    figure.savefig(f"curves.{suffix}")
plt.figure()
plt.hist(np.random.standard_normal(500), bins=20)
plt.show()
