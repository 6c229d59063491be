"""From a run to the model that is used: adopt, promote, trace, verify."""
