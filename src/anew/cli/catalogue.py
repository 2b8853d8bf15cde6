"""The commands by name, and what each is for."""

# Each command in the order of the help page; it is loaded when it is called, or all for the help.
COMMANDS = {
    "run": "Run a command and record all that decided its result.",
    "replay": "Run a recorded run again from its record alone, and judge.",
    "ls": "List runs.",
    "show": "Show what a run was: recipe, circumstances, outcome, coverage.",
    "diff": "Compare two runs.",
    "get": "Bring files of a run back, verified.",
    "logs": "Print what a run wrote to its streams.",
    "tag": "Add or remove tags of a run.",
    "note": "Add a note to a run.",
    "keep": "Hold by value what a run holds by reference.",
    "promote": "Let a run enter the production track, proved by a replay in a clean room.",
    "env": "See, compare, archive, rebuild, lock and audit the environment of a run.",
    "seal": "Finish a run that was cut off before it was sealed.",
    "rm": "Remove runs and free what nothing else needs.",
    "verify": "Check that all a run holds is there and whole.",
    "init": "Keep this project's runs in a store beside it.",
}
