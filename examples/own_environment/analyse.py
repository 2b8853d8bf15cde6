"""Reads a configuration and writes a page, with packages of this project's own environment."""
import random
import sys

import markupsafe
import yaml

with open("settings.yaml") as stream:
    settings = yaml.safe_load(stream)
chosen = random.sample(range(settings["population"]), settings["sample"])
with open("page.html", "w") as stream:
    stream.write(str(markupsafe.Markup("<p>{}</p>").format(f"<{sum(chosen)}>")))
print(sys.prefix.rsplit("/", 1)[-1], sum(chosen) / len(chosen))
