"""Files in, recordings out: one module a data set, and the reader they share."""
