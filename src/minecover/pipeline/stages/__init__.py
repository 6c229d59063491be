"""The stages of dvc.yaml, one file each: read, loop over sites, call, write, log one line."""
