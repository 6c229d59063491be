"""The stages of dvc.yaml, one module each: read, call the library, write, log one line."""
