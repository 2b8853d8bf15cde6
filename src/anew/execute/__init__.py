"""Where a process runs. Takes a Job, gives back an Exit."""
