"""Serve a registered model: maps of product folders and sites, and answers to questions."""
