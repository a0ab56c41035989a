"""From recordings to a model file and its card; the only place that knows scikit-learn."""
