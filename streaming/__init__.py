"""Where signals come from, how they flow, where results go: input and output, clocks, threads."""
