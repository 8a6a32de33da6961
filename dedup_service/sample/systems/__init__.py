"""The five systems of the sample: what each holds of a person or company, and how it writes it down."""
