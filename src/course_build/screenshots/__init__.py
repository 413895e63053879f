"""Photograph the programs of the pages *With clicks*, while they do what the pages say."""
