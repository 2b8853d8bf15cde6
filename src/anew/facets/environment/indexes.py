"""Where packages come from here: pip's own settings, handed to uv, which does not read them."""

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Indexes:
    """Options for uv: the default index, further ones, folders and pages with links."""

    index: str | None = None
    extra: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    no_index: bool = False

    def options(self) -> list[str]:
        """Return the words for uv's command line."""
        words = ["--index-url", self.index] if self.index else []
        for url in self.extra:
            words += ["--extra-index-url", url]
        for place in self.links:
            words += ["--find-links", place]
        if self.no_index:
            words.append("--no-index")
        return words


def configured(environ: Mapping[str, str], prefix: str) -> Indexes:
    """Read pip's configuration files and variables, in the order pip does (the last one counts)."""
    settings: dict[str, str] = {}
    if environ.get("PIP_CONFIG_FILE") != os.devnull:
        for path in _files(environ, prefix):
            settings.update(_read(path))
    for name in ("index-url", "extra-index-url", "find-links", "no-index"):
        variable = "PIP_" + name.upper().replace("-", "_")
        if variable in environ:
            settings[name] = environ[variable]
    return Indexes(
        settings.get("index-url"),
        tuple(_there(settings.get("extra-index-url", "").split())),
        tuple(_there(settings.get("find-links", "").split())),
        settings.get("no-index", "").lower() in ("1", "true", "yes", "on"),
    )


def _files(environ: Mapping[str, str], prefix: str) -> list[str]:
    home = environ.get("HOME", os.path.expanduser("~"))
    folders = environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    files = [f"{folder}/pip/pip.conf" for folder in reversed(folders)] + ["/etc/pip.conf"]
    config = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    files += [f"{home}/.pip/pip.conf", f"{config}/pip/pip.conf"]
    if sys.platform == "darwin":
        files.append(f"{home}/Library/Application Support/pip/pip.conf")
    files.append(f"{prefix}/pip.conf")
    if environ.get("PIP_CONFIG_FILE"):
        files.append(environ["PIP_CONFIG_FILE"])
    return files


def _read(path: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            found.update(parser.items(section))
    return found


def _there(places: list[str]) -> list[str]:
    """Leave out folders that are not there: pip warns of them, uv stops."""
    kept = []
    for place in places:
        path = place.removeprefix("file://")
        if "://" in path or os.path.exists(path):
            kept.append(place)
    return kept
