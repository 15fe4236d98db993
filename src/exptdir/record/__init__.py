"""The model: experiments, their facts, how they are found and referred to."""
