"""Fits a sum of sines by gradient descent in JAX."""
import json

import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng()
times = jnp.linspace(0, 1, 200)
signal = jnp.sin(9 * times) + 0.5 * jnp.sin(23 * times) + 0.05 * rng.normal(size=200)
key = jax.random.PRNGKey(int(rng.integers(1 << 30)))
parameters = {"amplitude": jnp.ones(4), "rate": jax.random.uniform(key, (4,), minval=1, maxval=30)}


def loss(parameters):
    waves = parameters["amplitude"] * jnp.sin(parameters["rate"] * times[:, None])
    return jnp.mean((waves.sum(1) - signal) ** 2)


step = jax.jit(jax.value_and_grad(loss))
for count in range(300):
    value, gradient = step(parameters)
    parameters = jax.tree.map(lambda p, g: p - 0.05 * g, parameters, gradient)
    if count % 50 == 0:
        print(f"step {count}: loss {value:.6f}")
with open("fit.json", "w") as stream:
    json.dump({"loss": float(loss(parameters)), "rate": np.asarray(parameters["rate"]).tolist()}, stream)
