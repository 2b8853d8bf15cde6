"""What a training script may import: log, param, artifact, note. Standard library only."""
