"""What the numbers mean: values, filters, features, models, data sets and training. No clocks or threads."""
