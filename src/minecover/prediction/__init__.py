"""What a model is asked with: the model bundle, detectors, maps of sites and regions, HTTP."""
