"""Recordings of one EEG stream in the formats people have them in: files in, `Track` out."""
