"""Release a model: register, adopt, promote, trace and verify a build."""
