"""Use a trained model: model bundle, detector, maps of sites and regions, HTTP server."""
