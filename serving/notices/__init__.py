"""Adverse action notices under Regulation B: values, wording, checks and rendering. Pure law."""
