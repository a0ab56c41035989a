"""What the numbers mean: values, filters, features, models, data sets and training. No clocks, threads or servers."""
