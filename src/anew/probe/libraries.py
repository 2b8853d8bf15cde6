"""Which libraries are looked after, and by which part of ours, loaded only with them."""

from __future__ import annotations

from . import imports, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_PARTS = {
    "config": (
        "argparse",
        "click.core",
        "typer._click.core",
        "hydra.core.utils",
        "yaml",
        "absl.flags",
    ),
    "figures": ("matplotlib.backend_bases",),
    "natives": (
        "pyarrow",
        "pyarrow.csv",
        "pyarrow.dataset",
        "pyarrow.feather",
        "pyarrow.json",
        "pyarrow.parquet",
        "pyarrow.parquet.core",
        "h5py",
        "polars",
        "tables.file",
        "torch.serialization",
        "torch.jit",
        "xgboost.core",
        "lightgbm.basic",
        "catboost.core",
        "safetensors.torch",
        "safetensors.numpy",
        "cv2",
        "faiss",
        "sentencepiece",
        "soundfile",
    ),
    "tasks": (
        "multiprocessing.pool",
        "concurrent.futures.process",
        "concurrent.futures.thread",
        "joblib.parallel",
        "loky.process_executor",
    ),
}


def begin() -> None:
    """Wait for each library to be imported."""
    for part, names in _PARTS.items():
        if part == "natives" and state.natively:
            continue
        for name in names:
            imports.after(name, _with(part))


def _with(part: str) -> Callable[[ModuleType], None]:
    def patch(module: ModuleType) -> None:
        package = __name__.rpartition(".")[0]
        getattr(__import__(f"{package}.{part}", fromlist=["patch"]), "patch")(module)  # noqa: B009

    return patch
